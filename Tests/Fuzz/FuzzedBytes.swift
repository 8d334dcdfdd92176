import Bytes

/// The fuzzer's input as a source of bytes.
struct FuzzedBytes: ByteSource {
  let name = "input"
  let bytes: [UInt8]
  var size: UInt64 { UInt64(bytes.count) }

  /// The input that libFuzzer hands over.
  init(_ start: UnsafePointer<UInt8>, _ count: Int) {
    bytes = Array(UnsafeBufferPointer(start: start, count: count))
  }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let part = bytes[Int(offset)...].prefix(buffer.count)
    buffer.copyBytes(from: part)
    return part.count
  }
}
