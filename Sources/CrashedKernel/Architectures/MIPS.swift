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
      onlyPageSize: nil, integerAlignment: 8,
      linearMap: { _ in LinearMap(isWide ? wideWindows : windows) },
      pageTable: { _ in .absent("its page tables are not known here") }, furtherMapping: nil,
      memoryMap: MemoryMapRules(section: 28, physical: [48, 35]), directMapVariable: nil,
      needsImageLoad: false, physicalBase: .zero, buildsCoreHeader: false, hasFirmwareDump: false,
      backupRegion: .anyone,
      absenceOfPurgatory: nil, hypervisor: .floatingPoint)
  }

  /// Where processors of 32 bits see their lowest 512 MiB without any table: KSEG0 and KSEG1
  /// (`arch/mips/include/asm/addrspace.h`).
  private static let windows: [LinearMap.Window] = [0x8000_0000, 0xa000_0000].map {
    .init($0...$0 + 0x1fff_ffff, minus: $0)
  }

  /// Those of 64 bits have these as CKSEG0 and CKSEG1, and all memory eight times (XKPHYS), once
  /// for each way of caching; kernels use that which they were built for.
  private static let wideWindows: [LinearMap.Window] =
    windows.map { window in
      let start = window.range.lowerBound | 0xffff_ffff_0000_0000
      return .init(start...start + 0x1fff_ffff, minus: start, isDirectMap: false)
    }
    + ([3, 5, 4, 0, 1, 2, 6, 7] as [UInt64]).map { caching in
      let start: UInt64 = 1 << 63 | caching << 59
      return .init(start...start + 0xffff_ffff_ffff, minus: start)
    }
}
