package import Bytes
package import CrashedKernel

/// One bit for each frame of some ranges: in memory up to ``mostMemory`` bytes, beyond that in a file
/// without a name.
package struct FrameBits: Sendable {
  /// The frames that have a bit: ascending, merged.
  private let ranges: [Range<UInt64>]
  /// Where the bits of each range begin, in words. A bit stands in its word where the frame's number
  /// says, so that blocks of frames are words.
  private let starts: [UInt64]
  private let store: Store

  /// Bytes that are held in memory: 1 TiB of 4 KiB pages.
  package static let mostMemory: UInt64 = 32 << 20

  private enum Store: Sendable {
    case memory([UInt64])
    case file(WordBlocks)
  }

  /// A stretch of frames whose bits are equal; it may be shorter than it could.
  package struct Stretch: Equatable {
    /// Whether the bits are set.
    package var isSet: Bool
    /// The frame behind the last one.
    package var end: UInt64

    /// A stretch up to `end`.
    package init(isSet: Bool, end: UInt64) {
      self.isSet = isSet
      self.end = end
    }
  }

  /// Words that are looked at in one go.
  private static let wordsAtOnce: UInt64 = 1 << 13
  /// The longest stretch that is told at once.
  static let framesAtOnce = wordsAtOnce << 6

  /// The frames from one on whose bits are like its own; those without a bit count as not set.
  package func stretch(at frame: UInt64) throws(ReadError) -> Stretch {
    let index = ranges.partitioningIndex { $0.upperBound > frame }
    guard index < ranges.count else { return Stretch(isSet: false, end: .max) }
    let range = ranges[index]
    guard range.contains(frame) else { return Stretch(isSet: false, end: range.lowerBound) }
    let first = frame >> 6
    let place = starts[index] + (first - range.lowerBound >> 6)
    let count = min((range.upperBound - 1) >> 6 - first + 1, FrameBits.wordsAtOnce)
    // The answer may end with the words that can be had at once.
    let (isSet, end) = try withWords(from: place, atMost: Int(count)) { words in
      let isSet = words[words.startIndex] >> (frame & 63) & 1 == 1
      var mask = UInt64.max << (frame & 63)
      for (number, word) in words.enumerated() {
        let differing = (isSet ? ~word : word) & mask
        if differing != 0 {
          return (isSet, UInt64(number) << 6 + UInt64(differing.trailingZeroBitCount))
        }
        mask = .max
      }
      return (isSet, UInt64(words.count) << 6)
    }
    return Stretch(isSet: isSet, end: min(range.upperBound, first << 6 + end))
  }

  /// Lends words from one on: at least one, and no more than asked for.
  private func withWords<Result>(
    from place: UInt64, atMost count: Int, _ body: (ArraySlice<UInt64>) -> Result
  ) throws(ReadError) -> Result {
    switch store {
    case .memory(let words): body(words[Int(place)...].prefix(count))
    case .file(let blocks): try blocks.withWords(from: place, atMost: count, body)
    }
  }

  /// Makes bits in ascending order.
  package struct Builder {
    private let ranges: [Range<UInt64>]
    private let starts: [UInt64]
    private let size: UInt64
    private var words: [UInt64]
    /// The first of the words, where those before are in the file already.
    private var first: UInt64 = 0
    private let file: SpoolFile?
    /// Numbers of the blocks of the file that were written; others are holes.
    private var written: Set<UInt64> = []

    /// Words that are gathered before they are written.
    private static let gathered = 1 << 13

    /// No bit is set.
    package init(
      _ ranges: [Range<UInt64>], mostMemory: UInt64 = FrameBits.mostMemory
    ) throws(OpenError) {
      self.ranges = ranges
      var starts: [UInt64] = []
      var end: UInt64 = 0
      for range in ranges {
        starts.append(end)
        end += (range.upperBound - 1) >> 6 - range.lowerBound >> 6 + 1
      }
      self.starts = starts
      size = end
      let isLarge = end * 8 > mostMemory
      file = isLarge ? try SpoolFile(for: "the frames that are left out") : nil
      words = [UInt64](repeating: 0, count: isLarge ? Builder.gathered : Int(end))
    }

    /// Sets the bits of frames of one range that begin at none of the words before the last ones.
    package mutating func set(_ frames: Range<UInt64>) throws(OpenError) {
      let index = ranges.partitioningIndex { $0.upperBound > frames.lowerBound }
      guard index < ranges.count else { return }
      let start = starts[index] &- ranges[index].lowerBound >> 6
      var frame = frames.lowerBound
      while frame < frames.upperBound {
        let end = min(frames.upperBound, (frame >> 6 + 1) << 6)
        let mask = (UInt64.max >> (64 - (end - frame))) << (frame & 63)
        try combine(mask, at: start &+ frame >> 6)
        frame = end
      }
    }

    /// Sets bits of a block's frames, none of which is before the last ones; what has no bit here is
    /// passed over.
    package mutating func set(_ bits: BlockBits, from frame: UInt64) throws(OpenError) {
      let end = frame + PageMarks.blockSize
      var index = ranges.partitioningIndex { $0.upperBound > frame }
      while index < ranges.count, ranges[index].lowerBound < end {
        let range = ranges[index].clamped(to: frame..<end)
        let start = starts[index] &- ranges[index].lowerBound >> 6
        for number in range.lowerBound >> 6...(range.upperBound - 1) >> 6 {
          var word = bits[Int(number - frame >> 6)]
          if number << 6 < range.lowerBound { word &= .max << (range.lowerBound & 63) }
          if (number + 1) << 6 > range.upperBound { word &= ~(.max << (range.upperBound & 63)) }
          if word != 0 { try combine(word, at: start &+ number) }
        }
        index += 1
      }
    }

    private mutating func combine(_ mask: UInt64, at place: UInt64) throws(OpenError) {
      if file != nil, place - first >= UInt64(words.count) {
        try flush()
        first = place
      }
      words[Int(place - first)] |= mask
    }

    private mutating func flush() throws(OpenError) {
      guard let file else { return }
      var bytes: [UInt8] = []
      bytes.reserveCapacity(words.count * 8)
      for word in words {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
          bytes.append(UInt8(truncatingIfNeeded: word >> shift))
        }
      }
      try unsafe bytes.withBytes { raw throws(OpenError) in
        try unsafe file.write(raw, at: first * 8)
      }
      for index in words.indices { words[index] = 0 }
      written.formUnion(
        first / WordBlocks.blockSize...(first + UInt64(words.count) - 1) / WordBlocks.blockSize)
    }

    /// The bits.
    package mutating func finish() throws(OpenError) -> FrameBits {
      guard let file else {
        return FrameBits(ranges: ranges, starts: starts, store: .memory(words))
      }
      try flush()
      return FrameBits(
        ranges: ranges, starts: starts,
        store: .file(WordBlocks(try file.source(size: size * 8), written)))
    }
  }
}

/// Words in a file, of which the block that was read last is kept: bits are looked at one behind the
/// other.
private final class WordBlocks: @unchecked Sendable {
  private let source: any ByteSource
  private let lock = Lock()
  /// The number of the first word.
  private var start: UInt64 = 0
  private var words: [UInt64] = []

  /// Blocks that have a bit; others are zero.
  private let written: Set<UInt64>

  /// Words of a block.
  static let blockSize: UInt64 = 1 << 13

  init(_ source: any ByteSource, _ written: Set<UInt64>) {
    self.source = source
    self.written = written
  }

  private static let zeros = [UInt64](repeating: 0, count: Int(blockSize))

  func withWords<Result>(
    from place: UInt64, atMost count: Int, _ body: (ArraySlice<UInt64>) -> Result
  ) throws(ReadError) -> Result {
    let held = try lock.withLock { () throws(ReadError) -> ArraySlice<UInt64> in
      if place < start || place >= start + UInt64(words.count) { try read(place) }
      return words[Int(place - start)...].prefix(count)
    }
    return body(held)
  }

  private func read(_ place: UInt64) throws(ReadError) {
    start = place.roundedDown(to: WordBlocks.blockSize)
    guard written.contains(start / WordBlocks.blockSize) else {
      words = WordBlocks.zeros
      return
    }
    let bytes = try source.bytes(at: start * 8, count: Int(WordBlocks.blockSize) * 8)
    words.removeAll(keepingCapacity: true)
    var reader = ByteReader(bytes, order: .little)
    while let word = try? reader.read(UInt64.self) { words.append(word) }
    guard place < start + UInt64(words.count) else {
      throw ReadError(source: source.name, offset: place * 8, reason: "ends before the frames do")
    }
  }
}
