import Bytes
import TestSupport

/// Bytes of which whole stretches are holes.
struct HolySource: ByteSource {
  let name = "test"
  let bytes: [UInt8]
  /// Sorted.
  let holes: [Range<UInt64>]

  var size: UInt64 { UInt64(bytes.count) }

  /// Random data in `size` bytes, zeros in `holes`, and zeros that are no hole in `zeros`.
  init(size: Int, holes: [Range<UInt64>] = [], zeros: [Range<UInt64>] = [], seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    // A prime length, so that no two pages are equal.
    let tile = (0..<4099).map { _ in UInt8.random(in: 1...255, using: &generator) }
    var bytes: [UInt8] = []
    while bytes.count < size { bytes += tile }
    bytes.removeLast(bytes.count - size)
    for range in holes + zeros {
      bytes.replaceSubrange(
        Int(range.lowerBound)..<Int(range.upperBound), with: repeatElement(0, count: range.count))
    }
    self.bytes = bytes
    self.holes = holes
  }

  /// Stretches of all three sorts, of any length, some of whole pages.
  init(random seed: UInt64, size: Int) {
    var generator = SeededGenerator(seed: seed)
    var holes: [Range<UInt64>] = []
    var zeros: [Range<UInt64>] = []
    var offset: UInt64 = 0
    while offset < UInt64(size) {
      let unit = Bool.random(using: &generator) ? 4096 : 1
      let most = UInt64([3000, 20_000, 100_000, 700_000].randomElement(using: &generator) ?? 1)
      let length = UInt64.random(in: 1...most, using: &generator)
      let end = min(UInt64(size), (offset + length) / UInt64(unit) * UInt64(unit))
      guard end > offset else { continue }
      switch Int.random(in: 0..<3, using: &generator) {
      case 0: holes.append(offset..<end)
      case 1: zeros.append(offset..<end)
      default: break
      }
      offset = end
    }
    self.init(size: size, holes: holes, zeros: zeros, seed: seed)
  }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let part = bytes[Int(offset)...].prefix(buffer.count)
    buffer.copyBytes(from: part)
    return part.count
  }

  func extent(at offset: UInt64) -> SourceExtent {
    for hole in holes where hole.upperBound > offset {
      return hole.contains(offset)
        ? SourceExtent(isHole: true, end: hole.upperBound)
        : SourceExtent(isHole: false, end: hole.lowerBound)
    }
    return SourceExtent(isHole: false, end: size)
  }
}
