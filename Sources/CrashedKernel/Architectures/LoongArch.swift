package import Bytes
internal import DumpRecords

extension Architecture {
  /// r0…r31 orig_a0 **csr_era** csr_badv …; r3 is the stack pointer.
  package static let loongarch64 = Architecture(
    identity: MachineIdentity(
      name: "loongarch64", machines: [.loongArch], classes: ELFClass.allCases, order: .little,
      wordSize: 8, systemNames: ["loongarch64"], family: "loongarch*", statusSize: 480),
    registers: RegisterPlaces(programCounter: 33, stackPointer: 3), onlyPageSize: nil,
    integerAlignment: 8,
    linearMap: { _ in
      LinearMap([.init(0x9000 << 48...0x9000_ffff_ffff_ffff, minus: 0x9000 << 48)])
    },
    pageTable: PageTable.loongarch64, furtherMapping: nil,
    memoryMap: MemoryMapRules(section: 29, physical: [48]), directMapVariable: nil,
    needsImageLoad: false, physicalBase: .zero, buildsCoreHeader: false, hasFirmwareDump: false,
    backupRegion: .anyone, absenceOfPurgatory: nil, hypervisor: .floatingPoint)
}

extension PageTableForm {
  /// loongarch64, the kernel's addresses above its windows; leaves of a page and of the next
  /// level. An entry that leads to a table holds an address of the kernel's window, whose lower
  /// 48 bits are the physical one; an unused one leads to a table of entries that are not present.
  ///
  /// Sources: `arch/loongarch/include/asm/pgtable.h`, `pgtable-bits.h`; not seen in a real kernel.
  package static func loongarch64(pageShift: Int, levels: Int) -> PageTableForm {
    let step = pageShift - 3
    let top = pageShift + step * levels
    let lower = AddressBits(pageShift..<48)
    return PageTableForm(
      addresses: [0 &- (1 << UInt64(min(top, 62))) ... .max],
      levels: (0..<levels).reversed().map { number in
        let shift = pageShift + number * step
        let leaf = Leaf(number == 0 ? .always : .set(1 << 6), shift: shift, address: [lower])
        return Level(
          index: shift..<shift + step, present: number == 0 ? .any(1 << 7 | 1) : .any(.max),
          leaves: number > 1 ? [] : [leaf],
          branch: number == 0 ? nil : Branch(.clear(1 << 6), address: [lower]))
      })
  }
}

extension PageTable {
  /// The tables of a loongarch64 kernel. No key says how many levels there are, but the tables for
  /// unused entries are variables that exist for real levels alone
  /// (`arch/loongarch/mm/init.c`).
  package static func loongarch64(_ evidence: PageTableEvidence) throws(ReadError) -> Answer {
    guard let size = evidence.information.pageSize, size <= 1 << 16 else {
      return .absent("PAGESIZE is none that loongarch64 has")
    }
    guard try evidence.symbol("invalid_pte_table") != nil else {
      return .absent("without the kernel's symbol table nothing tells the number of levels")
    }
    var levels = 2
    if try evidence.symbol("invalid_pmd_table") != nil { levels += 1 }
    if try evidence.symbol("invalid_pud_table") != nil { levels += 1 }
    let form = PageTableForm.loongarch64(
      pageShift: size.trailingZeroBitCount, levels: levels)
    return try evidence.table(form, at: PageTableEvidence.root)
  }
}
