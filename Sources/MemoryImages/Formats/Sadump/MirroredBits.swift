internal import Bytes

/// A bitmap whose first page is the most significant bit of a byte, as one whose first page is the
/// least significant one.
struct MirroredBits: ByteSource {
  private let source: any ByteSource

  /// The bits of a file, each byte turned round.
  init(_ source: any ByteSource) {
    self.source = source
  }

  var name: String { source.name }
  var size: UInt64 { source.size }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    let count = try unsafe source.read(at: offset, into: buffer)
    for index in 0..<count {
      var byte = unsafe buffer[index]
      byte = byte >> 4 | byte << 4
      byte = (byte & 0xcc) >> 2 | (byte & 0x33) << 2
      unsafe buffer[index] = (byte & 0xaa) >> 1 | (byte & 0x55) << 1
    }
    return count
  }

  func extent(at offset: UInt64) -> SourceExtent { source.extent(at: offset) }
}

/// The bits that are set in one of two bitmaps of a file, or in both.
struct EitherBits: ByteSource {
  private let source: any ByteSource
  private let first: UInt64
  private let second: UInt64

  /// Those of the bitmaps at two offsets, up to the end of the file.
  init(_ source: any ByteSource, _ first: UInt64, _ second: UInt64) {
    self.source = source
    self.first = first
    self.second = second
  }

  var name: String { source.name }
  var size: UInt64 { source.size - min(source.size, max(first, second)) }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let count = Int(min(UInt64(buffer.count), size - offset))
    let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
    let done = try unsafe source.read(at: first + offset, into: part)
    let others = try source.bytes(at: second + offset, count: done)
    for index in others.indices { unsafe buffer[index] |= others[index] }
    return min(done, others.count)
  }

  func extent(at offset: UInt64) -> SourceExtent {
    guard offset < size else { return SourceExtent(isHole: false, end: offset) }
    let extents = [
      (first, source.extent(at: first + offset)), (second, source.extent(at: second + offset)),
    ]
    // Both tell how far they go, counted from the bitmap's start.
    let ends = extents.map { $0.1.end > $0.0 ? $0.1.end - $0.0 : offset }
    let isHole = extents.allSatisfy(\.1.isHole)
    let end = ends.min() ?? offset
    return SourceExtent(isHole: isHole, end: max(offset, min(size, end)))
  }
}
