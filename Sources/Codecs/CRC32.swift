internal import CZlib

/// The checksum of gzip and xz, by zlib.
package enum CRC32 {
  /// The sum of some bytes.
  package static func sum(of bytes: some Collection<UInt8>) -> UInt32 {
    let copy = Array(bytes)
    return unsafe copy.withUnsafeBufferPointer { buffer in
      UInt32(truncatingIfNeeded: unsafe crc32(0, buffer.baseAddress, UInt32(buffer.count)))
    }
  }
}
