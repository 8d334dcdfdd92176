package import Bytes

/// What a ppc64 kernel leaves for its successor where firmware, not kexec, starts that one:
/// `struct fadump_crash_info_header`.
/// Source: `arch/powerpc/include/asm/fadump-internal.h`.
package enum FadumpCrashInfo: Equatable, Sendable {
  /// Before Linux 6.10: physical address of the crashed kernel's core header (`elfcorehdr_addr`),
  /// which stands behind the structure.
  case coreHeader(UInt64)
  /// Since then: where the crashed kernel's VMCOREINFO note lies now (`vmcoreinfo_raddr`). The second
  /// kernel makes the header, whose PT_NOTE has that as its `p_offset`.
  case information(UInt64)

  /// The magic numbers: their highest byte is the first letter (`fadump_str_to_u64`).
  private static let oldMagic: UInt64 = 0x4641_444d_5049_4e46  // "FADMPINF"
  private static let magic: UInt64 = 0x4641_444d_5053_4947  // "FADMPSIG"
  /// What both magic numbers begin with.
  package static let magicStart = UInt32(magic >> 32)
  /// What tells them apart.
  package static let magicEnds = [
    UInt32(truncatingIfNeeded: oldMagic), UInt32(truncatingIfNeeded: magic),
  ]

  /// Bytes that are read.
  package static let size = 24

  /// Reads the structure; nil where the magic number is another.
  package init?(from reader: inout ByteReader) {
    guard let magic = try? reader.read(UInt64.self), let first = try? reader.read(UInt64.self),
      let second = try? reader.read(UInt64.self)
    else { return nil }
    switch magic {
    case FadumpCrashInfo.oldMagic: self = .coreHeader(first)
    // `first` is version and crashing_cpu.
    case FadumpCrashInfo.magic: self = .information(second)
    default: return nil
    }
  }

  /// The structure as it lies in memory, of a first version and of CPU 0.
  package func write(to writer: inout ByteWriter) {
    switch self {
    case .coreHeader(let address):
      writer.write(FadumpCrashInfo.oldMagic)
      writer.write(address)
      writer.write(UInt64(0))
    case .information(let address):
      writer.write(FadumpCrashInfo.magic)
      writer.write(UInt32(1))
      writer.write(UInt32(0))
      writer.write(address)
    }
  }
}
