package import Bytes
internal import DumpRecords

extension Architecture {
  /// **pc** ra **sp** gp tp …
  package static let riscv64 = Architecture(
    identity: MachineIdentity(
      name: "riscv64", machines: [.riscv], classes: [.bits64], order: .little, wordSize: 8,
      systemNames: ["riscv64"], family: "riscv*", statusSize: 376),
    registers: RegisterPlaces(programCounter: 0, stackPointer: 2), onlyPageSize: nil,
    integerAlignment: 8, linearMap: linearMap, pageTable: PageTable.riscv64, furtherMapping: nil,
    memoryMap: MemoryMapRules(section: 27, physical: [56], startsAtLowestLoad: true),
    directMapVariable: nil, needsImageLoad: true,
    physicalBase: .number("phys_ram_base", otherwise: .lowestLoad), buildsCoreHeader: false,
    hasFirmwareDump: false,
    backupRegion: .anyone,
    absenceOfPurgatory: nil, hypervisor: .floatingPointOrFlatLoads)

  /// Source: `arch/riscv/include/asm/page.h`; the keys exist since Linux 6.2.
  @Sendable private static func linearMap(_ information: VMCoreInfo) -> LinearMap? {
    guard let offset = information.number("va_kernel_pa_offset"),
      let link = information.number("KERNEL_LINK_ADDR")
    else { return nil }
    var windows = [LinearMap.Window(link ... .max, minus: offset, isDirectMap: false)]
    if let linear = information.number("PAGE_OFFSET"), linear < link,
      let start = information.number("phys_ram_base")
    {
      windows.append(.init(linear...link - 1, minus: linear &- start))
    }
    return LinearMap(windows)
  }
}

extension PageTableForm {
  /// riscv64 with sv39, sv48 or sv57; leaves at every level, and 64 KiB by Svnapot. The bits above
  /// the address (Svpbmt, T-Head's memory types) are no part of it.
  ///
  /// Sources: RISC-V privileged architecture, "Sv39"; `arch/riscv/include/asm/pgtable-64.h`. Seen in
  /// Linux 6.12 and 7.2, all three; Svnapot rests on the sources alone.
  ///
  /// - Parameter bits: of an address: 39, 48 or 57.
  package static func riscv64(bits: Int) -> PageTableForm {
    let half = UInt64(1) << UInt64(bits - 1)
    let number = [AddressBits(10..<54, at: 12)]
    return PageTableForm(
      addresses: [0...half - 1, 0 &- half ... .max],
      levels: stride(from: bits - 9, to: 11, by: -9).map { shift in
        let leaf = Leaf(.any(0xe), shift: shift, address: number)
        guard shift > 12 else {
          return Level(index: 12..<21, present: .set(1), leaves: [contiguous, leaf])
        }
        return Level(
          index: shift..<shift + 9, present: .set(1), leaves: [leaf],
          branch: Branch(.always, address: number))
      })
  }

  /// Svnapot: the number of the page ends in 1000, which stands for 16 pages. Without that ending
  /// bit 63 is one of T-Head's.
  private static let contiguous = Leaf(
    .equals(1 << 63 | 8 << 10, under: 1 << 63 | 0xf << 10), shift: 16,
    address: [AddressBits(10..<54, at: 12)])
}

extension PageTable {
  /// The tables of a riscv64 kernel. The keys exist since Linux 6.2.
  package static func riscv64(_ evidence: PageTableEvidence) throws(ReadError) -> Answer {
    guard let bits = evidence.information.number("VA_BITS"), [39, 48, 57].contains(bits) else {
      return .absent("vmcoreinfo has no VA_BITS of 39, 48 or 57 (Linux 6.2 and later have)")
    }
    return try evidence.table(.riscv64(bits: Int(bits)), at: PageTableEvidence.root)
  }
}
