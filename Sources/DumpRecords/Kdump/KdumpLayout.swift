internal import Bytes

/// How a compiler lays out the headers of a kdump-compressed file: they are C structures of the
/// machine that makedumpfile ran on, and nothing in the file says which.
///
/// Source: makedumpfile `diskdump_mod.h`; the offsets were checked by compiling the structures.
package struct KdumpLayout: Hashable, Sendable {
  /// Size of `long`, `time_t` and a pointer in bytes: 4 or 8.
  package let wordSize: Int
  /// Alignment of a 64-bit integer inside a structure: 4 on i386 and m68k, else 8.
  package let wideAlignment: Int

  /// Every 64-bit machine.
  package static let bits64 = KdumpLayout(wordSize: 8, wideAlignment: 8)
  /// i386: 64-bit integers are aligned to 4 bytes.
  package static let bits32Packed = KdumpLayout(wordSize: 4, wideAlignment: 4)
  /// Other 32-bit machines (ARM, MIPS, PowerPC): 64-bit integers are aligned to 8 bytes.
  package static let bits32Aligned = KdumpLayout(wordSize: 4, wideAlignment: 8)

  /// Every layout that is known.
  package static let all: [KdumpLayout] = [.bits64, .bits32Packed, .bits32Aligned]

  private init(wordSize: Int, wideAlignment: Int) {
    self.wordSize = wordSize
    self.wideAlignment = wideAlignment
  }
}

extension ByteReader {
  /// Moves over the padding before a field; `start` is where the structure began.
  mutating func align(to alignment: Int, from start: Int) throws(ShortRecord) {
    try skip((alignment - (position - start) % alignment) % alignment)
  }
}

extension ByteWriter {
  /// Appends the padding before a field; `start` is where the structure began.
  mutating func align(to alignment: Int, from start: Int) {
    pad(to: bytes.count + (alignment - (bytes.count - start) % alignment) % alignment)
  }
}
