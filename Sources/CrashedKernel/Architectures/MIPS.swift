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
  /// (`arch/mips/include/uapi/asm/reg.h`). `uname` does not tell the byte order.
  private static func mips(
    _ name: String, _ elfClass: ELFClass, order: ByteOrder
  ) -> Architecture {
    let isWide = elfClass == .bits64
    let padding = isWide ? 0 : 6
    return Architecture(
      identity: MachineIdentity(
        name: name, machines: [.mips], classes: [elfClass], order: order,
        wordSize: elfClass.wordSize, systemNames: [isWide ? "mips64" : "mips"], family: "mips*",
        statusSize: isWide ? 480 : 256),
      registers: RegisterPlaces(programCounter: padding + 34, stackPointer: padding + 29),
      onlyPageSize: nil, integerAlignment: 8, linearMap: { _ in nil },
      pageTable: { _ in .absent("its page tables are not known here") }, furtherMapping: nil,
      directMapVariable: nil,
      needsImageLoad: false, physicalBase: .zero, buildsCoreHeader: false, backupRegion: .anyone,
      absenceOfPurgatory: nil, hypervisor: .floatingPoint)
  }
}
