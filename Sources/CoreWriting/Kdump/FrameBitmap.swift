internal import Bytes

/// One bitmap of a kdump-compressed file: bit n of byte n / 8, the least significant first.
struct FrameBitmap {
  private let ranges: [Range<UInt64>]
  private let size: UInt64

  /// Bytes that are made and written at once.
  private static let blockSize: UInt64 = 1 << 20

  /// A bitmap of `size` bytes with the bits of ascending ranges set.
  init(_ ranges: [Range<UInt64>], size: UInt64) {
    self.ranges = ranges
    self.size = size
  }

  /// Writes it; stretches without a bit are left out where that makes zeros.
  func write(to output: any PlacedOutput, at start: UInt64) throws(WriteError) {
    var offset: UInt64 = 0
    var index = 0
    while offset < size {
      let length = min(FrameBitmap.blockSize, size - offset)
      let bits = offset * 8..<(offset + length) * 8
      while index < ranges.count, ranges[index].upperBound <= bits.lowerBound { index += 1 }
      guard index < ranges.count || !output.leavesHoles else { return }
      if output.leavesHoles, ranges[index].lowerBound >= bits.upperBound {
        offset = (ranges[index].lowerBound / 8).roundedDown(to: FrameBitmap.blockSize)
        continue
      }
      try output.put(bytes(of: bits, from: index), at: start + offset)
      offset += length
    }
  }

  private func bytes(of bits: Range<UInt64>, from first: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(bits.length / 8))
    for range in ranges[first...] {
      guard range.lowerBound < bits.upperBound else { break }
      let part = range.clamped(to: bits)
      FrameBitmap.set(
        Int(part.lowerBound - bits.lowerBound)..<Int(part.upperBound - bits.lowerBound), in: &bytes)
    }
    return bytes
  }

  private static func set(_ bits: Range<Int>, in bytes: inout [UInt8]) {
    var bit = bits.lowerBound
    while bit < bits.upperBound {
      if bit % 8 == 0, bits.upperBound - bit >= 8 {
        bytes[bit / 8] = 0xff
        bit += 8
      } else {
        bytes[bit / 8] |= 1 << (bit % 8)
        bit += 1
      }
    }
  }
}
