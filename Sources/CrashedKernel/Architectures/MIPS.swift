internal import Bytes
internal import DumpRecords

extension Architecture {
  /// Big-endian, 32 bits.
  package static let mips = mips("mips", .bits32, order: .big)
  /// Little-endian, 32 bits.
  package static let mipsel = mips("mipsel", .bits32, order: .little)
  /// Big-endian, 64 bits.
  package static let mips64 = mips("mips64", .bits64, order: .big)
  /// Little-endian, 64 bits.
  package static let mips64el = mips("mips64el", .bits64, order: .little)

  /// 64 bits: r0…r31 lo hi **epc** …; 32 bits the same behind six words of padding
  /// (`arch/mips/include/uapi/asm/reg.h`).
  private static func mips(
    _ name: String, _ elfClass: ELFClass, order: ByteOrder
  ) -> Architecture {
    let padding = elfClass == .bits32 ? 6 : 0
    return Architecture(
      name, machines: [.mips], classes: [elfClass], order: order, wordSize: elfClass.wordSize,
      programCounter: padding + 34, stackPointer: padding + 29)
  }
}
