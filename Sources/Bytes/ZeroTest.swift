/// Whether a stretch of memory is all zero, 64 bytes at a time.
package func isAllZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
  guard let base = bytes.baseAddress else { return true }
  let count = bytes.count
  var offset = 0
  while offset + 256 <= count {
    let a = unsafe base.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self)
    let b = unsafe base.loadUnaligned(fromByteOffset: offset + 64, as: SIMD8<UInt64>.self)
    let c = unsafe base.loadUnaligned(fromByteOffset: offset + 128, as: SIMD8<UInt64>.self)
    let d = unsafe base.loadUnaligned(fromByteOffset: offset + 192, as: SIMD8<UInt64>.self)
    if (a | b | c | d) != SIMD8<UInt64>(repeating: 0) { return false }
    offset += 256
  }
  while offset < count {
    if unsafe base.load(fromByteOffset: offset, as: UInt8.self) != 0 { return false }
    offset += 1
  }
  return true
}
