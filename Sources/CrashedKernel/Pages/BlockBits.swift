/// A bit for each frame of a block of ``PageMarks/blockSize`` frames, the first one's the lowest of the
/// first word.
package struct BlockBits: Equatable, Sendable {
  /// The words; none where no bit was ever set.
  private var words: [UInt64] = []

  /// Words of a block.
  package static let wordCount = Int(PageMarks.blockSize / 64)

  /// No bit is set.
  package init() {}

  /// One of the words.
  @inline(__always)
  package subscript(word: Int) -> UInt64 {
    words.isEmpty ? 0 : words[word]
  }

  /// Whether a bit is set.
  func contains(_ index: Int) -> Bool {
    self[index >> 6] >> UInt64(index & 63) & 1 == 1
  }

  /// Sets bits of a word.
  @inline(__always)
  mutating func insert(_ bits: UInt64, word: Int) {
    guard bits != 0 else { return }
    if words.isEmpty { words = [UInt64](repeating: 0, count: BlockBits.wordCount) }
    words[word] |= bits
  }

  /// Clears bits of a word.
  @inline(__always)
  mutating func remove(_ bits: UInt64, word: Int) {
    guard bits != 0, !words.isEmpty else { return }
    words[word] &= ~bits
  }

  /// Sets a row of bits.
  package mutating func insert(_ part: Range<Int>) {
    for (word, mask) in BlockWords(part) { insert(mask, word: word) }
  }

  /// How many bits are set.
  package var count: UInt64 {
    words.reduce(0) { $0 + UInt64($1.nonzeroBitCount) }
  }

  /// How many bits are set in both.
  package func count(with other: BlockBits) -> UInt64 {
    guard !words.isEmpty, !other.words.isEmpty else { return 0 }
    return words.indices.reduce(0) { $0 + UInt64((words[$1] & other.words[$1]).nonzeroBitCount) }
  }

  /// Sets the bits that another has.
  mutating func formUnion(_ other: BlockBits) {
    for (word, bits) in other.words.enumerated() { insert(bits, word: word) }
  }
}

/// The words that a row of bits lies in, each with the bits of the row.
struct BlockWords: Sequence, IteratorProtocol {
  private var index: Int
  private let end: Int

  init(_ part: Range<Int>) {
    index = part.lowerBound
    end = part.upperBound
  }

  @inline(__always)
  mutating func next() -> (word: Int, mask: UInt64)? {
    guard index < end else { return nil }
    let word = index >> 6
    let count = Swift.min(end, (word + 1) << 6) - index
    let mask = (UInt64.max >> UInt64(64 - count)) << UInt64(index & 63)
    index += count
    return (word, mask)
  }
}
