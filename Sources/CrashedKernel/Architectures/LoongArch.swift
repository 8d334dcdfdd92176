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
      // The cached window, which the kernel uses, and the uncached one.
      LinearMap(
        [0x9000 << 48, 0x8000 << 48].map { .init($0...$0 | 0xffff_ffff_ffff, minus: $0) })
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
  /// (`arch/loongarch/mm/init.c`); without the symbol table the tables themselves show it.
  package static func loongarch64(_ evidence: PageTableEvidence) throws(ReadError) -> Answer {
    guard let size = evidence.information.pageSize, size <= 1 << 16 else {
      return .absent("PAGESIZE is none that loongarch64 has")
    }
    let levels: Int
    if try evidence.symbol("invalid_pte_table") != nil {
      let upper = try ["invalid_pmd_table", "invalid_pud_table"].map {
        name throws(ReadError) in try evidence.symbol(name)
      }
      levels = 2 + upper.count { $0 != nil }
    } else {
      levels = try depth(evidence, tableSize: size)
      guard levels > 1 else {
        return .absent(
          "neither the kernel's symbol table nor the tables tell the number of levels")
      }
    }
    let form = PageTableForm.loongarch64(
      pageShift: size.trailingZeroBitCount, levels: levels)
    return try evidence.table(form, at: PageTableEvidence.root)
  }

  /// Tables of a level that are looked into.
  private static let mostTables = 8
  /// Levels that there can be.
  private static let mostLevels = 4

  /// How many levels of tables follow one another: an entry that leads to a table is an address of
  /// the cached window and has no other bit, which no entry of a page can be.
  private static func depth(
    _ evidence: PageTableEvidence, tableSize size: UInt64
  ) throws(ReadError) -> Int {
    guard let root = try evidence.address(of: PageTableEvidence.root) else { return 0 }
    var tables = [root]
    for level in 0..<mostLevels {
      var next: Set<UInt64> = []
      for table in tables where next.count < mostTables {
        guard let bytes = try evidence.memory.read(at: table, count: Int(size)).value else {
          continue
        }
        var reader = ByteReader(bytes, order: .little)
        for _ in 0..<size / 8 where next.count < mostTables {
          let entry = (try? reader.read(UInt64.self)) ?? 0
          if entry >> 48 == 0x9000, entry % size == 0 { next.insert(entry) }
        }
      }
      if next.isEmpty { return level + 1 }
      tables = next.sorted()
    }
    return mostLevels
  }
}
