package import Bytes

/// What a ppc64 kernel leaves for its successor where firmware, not kexec, starts that one:
/// `struct fadump_crash_info_header`. Before Linux 6.10 the crashed kernel's core header stands
/// behind it; since then the second kernel makes the header.
/// Source: `arch/powerpc/include/asm/fadump-internal.h`.
package struct FadumpCrashInfo: Equatable, Sendable {
  /// Physical address of the core header.
  package var coreHeader: UInt64  // elfcorehdr_addr

  /// `FADUMP_CRASH_INFO_MAGIC` before Linux 6.10: a number whose highest byte is the first letter.
  package static let magic: UInt64 = 0x4641_444d_5049_4e46  // "FADMPINF"

  /// Bytes that are read.
  package static let size = 16

  /// Reads the structure; nil where the magic number is another.
  package init?(from reader: inout ByteReader) {
    guard let magic = try? reader.read(UInt64.self), magic == FadumpCrashInfo.magic,
      let coreHeader = try? reader.read(UInt64.self)
    else { return nil }
    self.coreHeader = coreHeader
  }

  /// The structure as it lies in memory.
  package func write(to writer: inout ByteWriter) {
    writer.write(FadumpCrashInfo.magic)
    writer.write(coreHeader)
  }
}
