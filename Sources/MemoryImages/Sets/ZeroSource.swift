internal import Bytes

/// Zeros that are stored nowhere.
struct ZeroSource: ByteSource {
  let name: String
  let size: UInt64
  /// Whether they stand for bytes that a dump lacks.
  var isLeftOut = false

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    let count = offset < size ? Int(min(UInt64(buffer.count), size - offset)) : 0
    let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
    unsafe part.initializeMemory(as: UInt8.self, repeating: 0)
    return count
  }

  func extent(at offset: UInt64) -> SourceExtent {
    SourceExtent(
      isHole: offset < size, isLeftOut: isLeftOut && offset < size, end: max(size, offset))
  }
}
