internal import Bytes

/// One bitmap of a kdump-compressed file: bit n of byte n / 8, the least significant first.
struct FrameBitmap {
  private let ranges: [Range<UInt64>]
  private let size: UInt64
  private let leftOut: LeftOutFrames?

  /// Bytes that are made and written at once.
  private static let blockSize: UInt64 = 1 << 20

  /// A bitmap of `size` bytes with the bits of ascending ranges set, but for those left out.
  init(_ ranges: [Range<UInt64>], size: UInt64, leftOut: LeftOutFrames? = nil) {
    self.ranges = ranges
    self.size = size
    self.leftOut = leftOut
  }

  /// Writes it; the stretches without a bit are not made.
  func write(to target: any ByteTarget, at start: UInt64) throws(WriteError) {
    var offset: UInt64 = 0
    var index = 0
    while offset < size {
      let length = min(FrameBitmap.blockSize, size - offset)
      let bits = offset * 8..<(offset + length) * 8
      while index < ranges.count, ranges[index].upperBound <= bits.lowerBound { index += 1 }
      let next = index < ranges.count ? ranges[index].lowerBound / 8 : size
      if next >= offset + length {
        let end = next < size ? next.roundedDown(to: FrameBitmap.blockSize) : size
        try target.putZeros(start + offset..<start + end)
        offset = end
      } else {
        try target.put(bytes(of: bits, from: index), at: start + offset)
        offset += length
      }
    }
  }

  private func bytes(of bits: Range<UInt64>, from first: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(bits.length / 8))
    for range in ranges[first...] {
      guard range.lowerBound < bits.upperBound else { break }
      let part = range.clamped(to: bits)
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
