/// Bytes in memory, seen as a source: for what is small.
package struct StoredBytes: ByteSource {
  package let name: String
  private let stored: [UInt8]

  /// A source of these bytes.
  package init(_ bytes: [UInt8], name: String) {
    stored = bytes
    self.name = name
  }

  package var size: UInt64 { UInt64(stored.count) }

  package func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let part = stored[Int(offset)...].prefix(buffer.count)
    unsafe buffer.copyBytes(from: part)
    return part.count
  }
}
