internal import Bytes

/// One bitmap of a kdump-compressed file: bit n of byte n / 8, the least significant first.
struct FrameBitmap {
  private let ranges: [Range<UInt64>]
  private let size: UInt64
  private let leftOut: LeftOutFrames?
  /// No bit from this one on is set.
  private let end: UInt64

  /// Bytes that are made and written at once, at most.
  private static let largestPart: UInt64 = 1 << 20

  /// A bitmap of `size` bytes with the bits of ascending ranges set, but for those left out.
  ///
  /// - Parameter end: the first frame of which the file has nothing, where it ends early.
  init(
    _ ranges: [Range<UInt64>], size: UInt64, leftOut: LeftOutFrames? = nil, end: UInt64 = .max
  ) {
    self.ranges = ranges
    self.size = size
    self.leftOut = leftOut
    self.end = end
  }

  /// Bytes of the blocks in which a bit is set.
  var storedSize: UInt64 {
    var size: UInt64 = 0
    forEachPart { part, _ in size += part.length }
    return size
  }

  /// Writes the blocks in which a bit is set; what lies between them is not made.
  func write(to target: any ByteTarget, at start: UInt64) throws(WriteError) {
    var end: UInt64 = 0
    try forEachPart { part, index throws(WriteError) in
      if part.lowerBound > end { try target.putZeros(start + end..<start + part.lowerBound) }
      let bits = part.lowerBound * 8..<part.upperBound * 8
      try target.put(bytes(of: bits, from: index), at: start + part.lowerBound)
      end = part.upperBound
    }
    if end < size { try target.putZeros(start + end..<start + size) }
  }

  /// Writes the same blocks again, where fewer bits are set in them.
  func replace(in target: any ByteTarget, at start: UInt64) throws(WriteError) {
    try forEachPart { part, index throws(WriteError) in
      let bits = part.lowerBound * 8..<part.upperBound * 8
      try target.replace(bytes(of: bits, from: index), at: start + part.lowerBound)
    }
  }

  /// Visits the stretches of blocks in which a bit is set, each with the first range in it.
  private func forEachPart<Failure: Error>(
    _ body: (Range<UInt64>, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var offset: UInt64 = 0
    var index = 0
    while offset < size {
      while index < ranges.count, ranges[index].upperBound <= offset * 8 { index += 1 }
      let part = part(from: offset, index)
      if !part.isEmpty { try body(part, index) }
      offset = part.upperBound
    }
  }

  /// The next bytes to write, in blocks that follow each other: those of the ranges from `index` on.
  private func part(from offset: UInt64, _ index: Int) -> Range<UInt64> {
    func blocks(_ range: Range<UInt64>) -> Range<UInt64> {
      let start = (range.lowerBound / 8).roundedDown(to: Zeros.blockSize)
      let end = (range.upperBound - 1) / 8 / Zeros.blockSize * Zeros.blockSize + Zeros.blockSize
      return start..<end
    }
    guard index < ranges.count else { return size..<size }
    let start = max(offset, blocks(ranges[index]).lowerBound)
    let limit = min(size, start + FrameBitmap.largestPart)
    var end = start
    for range in ranges[index...] {
      let blocks = blocks(range)
      guard blocks.lowerBound <= end, end < limit else { break }
      end = max(end, blocks.upperBound)
    }
    return start..<min(end, limit)
  }

  private func bytes(of bits: Range<UInt64>, from first: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(bits.length / 8))
    for range in ranges[first...] {
      guard range.lowerBound < min(bits.upperBound, end) else { break }
      let part = range.clamped(
        to: bits.lowerBound..<max(bits.lowerBound, min(bits.upperBound, end)))
      FrameBitmap.set(part, from: bits.lowerBound, to: true, in: &bytes)
      leftOut?.forEach(in: part) {
        FrameBitmap.set($0, from: bits.lowerBound, to: false, in: &bytes)
      }
    }
    return bytes
  }

  private static func set(
    _ range: Range<UInt64>, from start: UInt64, to isSet: Bool, in bytes: inout [UInt8]
  ) {
    var bit = Int(range.lowerBound - start)
    let end = Int(range.upperBound - start)
    while bit < end {
      let isWhole = bit % 8 == 0 && end - bit >= 8
      let mask: UInt8 = isWhole ? 0xff : 1 << (bit % 8)
      if isSet { bytes[bit / 8] |= mask } else { bytes[bit / 8] &= ~mask }
      bit += isWhole ? 8 : 1
    }
  }
}
