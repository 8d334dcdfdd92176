package import Bytes

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
    case file(any ByteSource)
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

  /// The frames from one on whose bits are like its own; those without a bit count as not set.
  package func stretch(at frame: UInt64) throws(ReadError) -> Stretch {
    let index = ranges.partitioningIndex { $0.upperBound > frame }
    guard index < ranges.count else { return Stretch(isSet: false, end: .max) }
    let range = ranges[index]
    guard range.contains(frame) else { return Stretch(isSet: false, end: range.lowerBound) }
    let first = frame >> 6
    let last = min((range.upperBound - 1) >> 6, first + FrameBits.wordsAtOnce - 1)
    let place = starts[index] + (first - range.lowerBound >> 6)
    let isSet = try word(place) >> (frame & 63) & 1 == 1
    var number = first
    while number <= last {
      var word = try word(place + (number - first))
      if isSet { word = ~word }
      if number == first { word &= .max << (frame & 63) }
      if word != 0 {
        let end = number << 6 + UInt64(word.trailingZeroBitCount)
        return Stretch(isSet: isSet, end: min(end, range.upperBound))
      }
      number += 1
    }
    return Stretch(isSet: isSet, end: min(range.upperBound, (last + 1) << 6))
  }

  private func word(_ place: UInt64) throws(ReadError) -> UInt64 {
    switch store {
    case .memory(let words): return words[Int(place)]
    case .file(let source):
      var word: UInt64 = 0
      let bytes = try source.bytes(at: place * 8, count: 8)
      for byte in bytes.reversed() { word = word << 8 | UInt64(byte) }
      return word
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

    /// Sets bits of frames from a multiple of 64 on, none of which is before the last ones; what has
    /// no bit is passed over.
    package mutating func set(_ bits: [UInt64], from frame: UInt64) throws(OpenError) {
      let end = frame + UInt64(bits.count) << 6
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
    }

    /// The bits.
    package mutating func finish() throws(OpenError) -> FrameBits {
      guard let file else {
        return FrameBits(ranges: ranges, starts: starts, store: .memory(words))
      }
      try flush()
      return FrameBits(
        ranges: ranges, starts: starts, store: .file(CachedBlocks(try file.source(size: size * 8))))
    }
  }
}

/// A source of which the block that was read last is kept: bits are looked at one behind the other.
private final class CachedBlocks: ByteSource, @unchecked Sendable {
  private let source: any ByteSource
  private let lock = Lock()
  private var start: UInt64 = 0
  private var block: [UInt8] = []

  private static let blockSize: UInt64 = 1 << 16

  init(_ source: any ByteSource) {
    self.source = source
  }

  var name: String { source.name }
  var size: UInt64 { source.size }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    try lock.withLock { () throws(ReadError) -> Int in
      if offset < start || offset + UInt64(buffer.count) > start + UInt64(block.count) {
        start = offset.roundedDown(to: CachedBlocks.blockSize)
        block = try source.bytes(at: start, count: Int(CachedBlocks.blockSize))
      }
      let place = Int(offset - start)
      guard place < block.count else { return 0 }
      let count = min(buffer.count, block.count - place)
      unsafe buffer.copyBytes(from: block[place..<place + count])
      return count
    }
  }
}
