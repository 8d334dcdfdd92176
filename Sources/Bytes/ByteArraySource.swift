/// Bytes in memory as a source.
package struct ByteArraySource: ByteSource {
  /// What messages call it.
  package let name: String
  private let content: [UInt8]

  /// These bytes.
  package init(_ bytes: [UInt8], name: String) {
    content = bytes
    self.name = name
  }

  /// Number of bytes.
  package var size: UInt64 { UInt64(content.count) }

  /// Copies bytes.
  package func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let start = Int(offset)
    let count = min(buffer.count, content.count - start)
    unsafe buffer.copyBytes(from: content[start..<start + count])
    return count
  }
}
