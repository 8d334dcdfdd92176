/// A set of numbers of page frames that takes no more memory than half a byte a frame where they are
/// dense. It is used under a lock.
package final class FrameSet: @unchecked Sendable {
  /// Bit n of the word of a key k is frame 64 k + n.
  private var words: [UInt64: UInt64] = [:]
  /// How many frames were added.
  package private(set) var count: UInt64 = 0

  /// Words that are kept, in at most 32 MiB. Frames beyond are counted, each time they are told.
  private static let mostWords = 1 << 19

  /// An empty set.
  package init() {}

  /// Adds a frame.
  package func insert(_ frame: UInt64) {
    let bit = UInt64(1) << (frame % 64)
    guard words.count < FrameSet.mostWords || words[frame / 64] != nil else {
      count += 1
      return
    }
    let word = words[frame / 64, default: 0]
    if word & bit == 0 { count += 1 }
    words[frame / 64] = word | bit
  }

  /// Whether a frame was added.
  package func contains(_ frame: UInt64) -> Bool {
    guard let word = words[frame / 64] else { return false }
    return word & (1 << (frame % 64)) != 0
  }

  /// The lowest frames of the set.
  package func first(_ limit: Int) -> [UInt64] {
    var first: [UInt64] = []
    for key in words.keys.sorted() {
      guard let word = words[key] else { continue }
      for bit in 0..<64 where word & (1 << bit) != 0 {
        guard first.count < limit else { return first }
        first.append(key * 64 + UInt64(bit))
      }
    }
    return first
  }
}
