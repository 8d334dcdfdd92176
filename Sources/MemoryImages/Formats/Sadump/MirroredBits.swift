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
