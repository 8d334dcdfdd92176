internal import Bytes

/// The blocks of a bitmap in which a bit is set, and how many bits are set before each. Blocks grow
/// where there are many, so that the list does not.
struct BitmapDirectory: Sendable {
  /// Number of bits that are set.
  private(set) var count: UInt64 = 0
  /// Bits of one block, a power of two.
  private var blockBits: UInt64 = 4096
  /// Ascending.
  private var blocks: [Block] = []

  /// One block.
  private struct Block {
    /// Its place among all blocks.
    var number: UInt64
    /// Bits that are set before it.
    var before: UInt64
  }

  /// Blocks that are listed at most: 4 MiB.
  private static let mostBlocks = 1 << 18

  /// Counts the bits of a word, which stands behind all that were counted before.
  mutating func add(_ bits: UInt64, at frame: UInt64) {
    if blocks.last?.number != frame / blockBits {
      if blocks.count >= BitmapDirectory.mostBlocks { join() }
      if blocks.last?.number != frame / blockBits {
        blocks.append(Block(number: frame / blockBits, before: count))
      }
    }
    count += bits
  }

  /// Makes one block of each two neighbours.
  private mutating func join() {
    blockBits *= 2
    var joined: [Block] = []
    joined.reserveCapacity(BitmapDirectory.mostBlocks)
    for block in blocks where joined.last?.number != block.number / 2 {
      joined.append(Block(number: block.number / 2, before: block.before))
    }
    blocks = joined
  }

  /// From where on the bits before a frame have to be counted, and how many are set before that; no
  /// place where there is nothing to count.
  func known(before frame: UInt64) -> (start: UInt64?, before: UInt64) {
    let number = frame / blockBits
    let index = first { $0.number >= number }
    guard index < blocks.count else { return (nil, count) }
    let block = blocks[index]
    return (block.number == number ? number * blockBits : nil, block.before)
  }

  /// The frames of the block with the bit before which so many others are set.
  func block(ofRank rank: UInt64) -> (frames: Range<UInt64>, before: UInt64)? {
    let index = first { $0.before > rank } - 1
    guard index >= 0 else { return nil }
    let start = blocks[index].number * blockBits
    return (start..<start + blockBits, blocks[index].before)
  }

  /// The place of the first block for which a condition holds, as for all behind it.
  private func first(where holds: (Block) -> Bool) -> Int {
    var low = 0
    var high = blocks.count
    while low < high {
      let middle = (low + high) / 2
      if holds(blocks[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
