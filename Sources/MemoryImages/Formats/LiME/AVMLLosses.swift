internal import Bytes

/// What is lost of the unpacked bytes of an AVML file, as unpacking has shown by now.
final class AVMLLosses: @unchecked Sendable {
  /// The pages that are touched, by their addresses.
  let damage: PageDamage
  /// Which memory the unpacked bytes are, in their order.
  private let blocks: [PieceMap.Piece]
  private let lock = Lock()
  /// Unpacked bytes that are lost: ascending, not touching.
  private var ranges: [Range<UInt64>] = []

  /// A damaged part may be anywhere in a page.
  static let pageSize: UInt64 = 4096
  /// Ranges that are kept. Beyond, bytes are zeros that are not known to be lost.
  private static let mostRanges = 1 << 14

  /// None yet.
  ///
  /// - Parameter blocks: which memory the unpacked bytes are, in their order.
  init(_ blocks: [PieceMap.Piece], _ damage: PageDamage) {
    self.blocks = blocks
    self.damage = damage
  }

  /// Adds a range of unpacked bytes; it may be told twice.
  func add(_ range: Range<UInt64>) {
    guard !range.isEmpty else { return }
    lock.withLock {
      let index = first(endingFrom: range.lowerBound)
      if index < ranges.count, ranges[index].lowerBound <= range.upperBound {
        var joined = ranges[index].hull(range)
        var next = index + 1
        while next < ranges.count, ranges[next].lowerBound <= joined.upperBound {
          joined = joined.hull(ranges[next])
          next += 1
        }
        ranges.replaceSubrange(index..<next, with: [joined])
      } else if ranges.count < AVMLLosses.mostRanges {
        ranges.insert(range, at: index)
      }
    }
    var left = range
    while !left.isEmpty, let (start, end) = address(of: left) {
      let last = start + (end - left.lowerBound) - 1
      for page in start / AVMLLosses.pageSize...last / AVMLLosses.pageSize { damage.add(page) }
      left = end..<left.upperBound
    }
  }

  /// Whether a byte is lost, and how far those behind it are like it.
  func part(at offset: UInt64, before end: UInt64) -> (isLost: Bool, end: UInt64) {
    lock.withLock {
      let index = first(endingFrom: offset + 1)
      guard index < ranges.count else { return (false, end) }
      let range = ranges[index]
      return range.lowerBound <= offset
        ? (true, min(end, range.upperBound)) : (false, min(end, range.lowerBound))
    }
  }

  /// The first range that ends there or behind; under the lock.
  private func first(endingFrom offset: UInt64) -> Int {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound >= offset { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// The address of the first byte of a range, and how far the addresses follow one another.
  private func address(of range: Range<UInt64>) -> (address: UInt64, end: UInt64)? {
    var low = 0
    var high = blocks.count
    while low < high {
      let middle = (low + high) / 2
      if blocks[middle].position <= range.lowerBound { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    let block = blocks[low - 1]
    let inside = range.lowerBound - block.position
    guard inside < block.range.length else { return nil }
    return (
      block.range.lowerBound + inside,
      min(range.upperBound, range.lowerBound + (block.range.length - inside))
    )
  }
}

extension Range<UInt64> {
  /// The range that holds both.
  fileprivate func hull(_ other: Range<UInt64>) -> Range<UInt64> {
    Swift.min(lowerBound, other.lowerBound)..<Swift.max(upperBound, other.upperBound)
  }
}
