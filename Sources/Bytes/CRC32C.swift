internal import CLinux

/// The checksum of RFC 3720 (Castagnoli's polynomial).
package enum CRC32C {
  /// The checksum of some bytes, by the processor's own instruction where it has one.
  package static func sum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    var sum: UInt32 = 0
    return unsafe clinux_crc32c(bytes.baseAddress, UInt64(bytes.count), &sum) != 0
      ? sum : tableSum(of: bytes)
  }

  /// The same by tables, eight bytes at a time.
  package static func tableSum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    unsafe tables.withUnsafeBufferPointer { tables in
      var sum: UInt64 = 0xffff_ffff
      var position = 0
      while bytes.count - position >= 8 {
        let word = unsafe UInt64(
          littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        let mixed = word ^ sum
        var next: UInt32 = 0
        for index in 0..<8 {
          let byte = Int(truncatingIfNeeded: mixed >> (8 * UInt64(index))) & 0xff
          next ^= unsafe tables[(7 - index) * 256 + byte]
        }
        sum = UInt64(next)
        position += 8
      }
      while position < bytes.count {
        let index = Int(truncatingIfNeeded: sum ^ UInt64(unsafe bytes[position])) & 0xff
        sum = sum >> 8 ^ UInt64(unsafe tables[index])
        position += 1
      }
      return ~UInt32(truncatingIfNeeded: sum)
    }
  }

  /// What a byte adds, and what it adds with one to seven more bytes behind it.
  private static let tables: [UInt32] = {
    var tables = (0..<256 as Range<UInt32>).map { byte in
      (0..<8).reduce(byte) { sum, _ in sum >> 1 ^ (sum & 1 == 1 ? 0x82f6_3b78 : 0) }
    }
    for index in 256..<8 * 256 {
      let before = tables[index - 256]
      tables.append(before >> 8 ^ tables[Int(before & 0xff)])
    }
    return tables
  }()
}
