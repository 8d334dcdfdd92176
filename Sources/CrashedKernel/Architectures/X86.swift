package import Bytes
internal import DumpRecords

extension Architecture {
  /// r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax **rip** cs eflags **rsp** …
  package static let x86_64 = Architecture(
    identity: MachineIdentity(
      name: "x86_64", machines: [.x86_64], classes: ELFClass.allCases, order: .little,
      wordSize: 8, systemNames: ["x86_64"], family: "x86_64*", statusSize: 336),
    registers: RegisterPlaces(programCounter: 16, stackPointer: 19), onlyPageSize: nil,
    integerAlignment: 8, linearMap: wideLinearMap,
    pageTable: PageTable.x86_64, furtherMapping: nil,
    memoryMap: MemoryMapRules { kernel in
      let hasFive = kernel.information.number("pgtable_l5_enabled") ?? 0 != 0
      return .init(section: 27, physical: hasFive ? [52, 46] : [46, 52, 44, 40])
    },
    // The direct map moves with KASLR (`arch/x86/include/asm/page_64.h`).
    directMapVariable: DirectMapVariable(
      symbol: "page_offset_base", usual: 0xffff_8880_0000_0000, range: 1 << 63..<kernelMap,
      alignment: 1 << 30),
    needsImageLoad: true,
    physicalBase: .number("phys_base", otherwise: .imageLoad(from: kernelMap)),
    buildsCoreHeader: false, hasFirmwareDump: false,
    backupRegion: .kexecToolsAlways, absenceOfPurgatory: nil, hypervisor: .floatingPoint)

  /// ebx ecx edx esi edi ebp eax ds es fs gs orig_eax **eip** cs eflags **esp** ss. With PAE the
  /// header may be of class 64; the notes keep the kernel's own layout.
  package static let i386 = Architecture(
    identity: MachineIdentity(
      name: "i386", machines: [.i386, .i486], classes: ELFClass.allCases, order: .little,
      wordSize: 4, systemNames: ["i?86"], family: "i?86", statusSize: 144),
    registers: RegisterPlaces(programCounter: 12, stackPointer: 15), onlyPageSize: nil,
    integerAlignment: 4,
    linearMap: { _ in LinearMap([.init(0xc000_0000...0xffff_ffff, minus: 0xc000_0000)]) },
    pageTable: PageTable.i386, furtherMapping: nil,
    memoryMap: MemoryMapRules { kernel in
      kernel.information["CONFIG_X86_PAE"] == nil
        ? .init(section: 26, physical: [32]) : .init(section: 29, physical: [36])
    }, directMapVariable: nil, needsImageLoad: false, physicalBase: .zero, buildsCoreHeader: false,
    hasFirmwareDump: false,
    backupRegion: .kexecTools, absenceOfPurgatory: nil, hypervisor: .floatingPoint)

  /// Where the kernel image is mapped: `__START_KERNEL_map`.
  private static let kernelMap: UInt64 = 0xffff_ffff_8000_0000

  /// `phys_base` may be negative; with KASLR the symbols are moved already
  /// (`arch/x86/include/asm/page_64.h`).
  @Sendable private static func wideLinearMap(_ information: VMCoreInfo) -> LinearMap? {
    information.number("phys_base").map { base in
      LinearMap([.init(kernelMap ... .max, minus: kernelMap &- base, isDirectMap: false)])
    }
  }
}

extension PageTableForm {
  /// x86_64 with 4 or 5 levels; leaves of 4 KiB, 2 MiB and 1 GiB.
  ///
  /// Source: Intel SDM 3A, 4.5; `arch/x86/include/asm/pgtable_types.h`. Seen in Linux 6.1 with 4 and
  /// with 5 levels; encryption rests on the sources alone.
  ///
  /// - Parameter encryption: `sme_mask`, the bit that marks encrypted memory.
  package static func x86_64(levels: Int, encryption: UInt64 = 0) -> PageTableForm {
    let shifts = [48, 39, 30, 21, 12].suffix(max(4, min(5, levels)))
    let half = UInt64(1) << UInt64(shifts.count * 9 + 11)
    return PageTableForm(
      addresses: [0...half - 1, 0 &- half ... .max], ignored: encryption,
      levels: shifts.map { level($0, bits: 9, address: 52, isLarge: $0 == 21 || $0 == 30) })
  }

  /// i386 with CONFIG_X86_PAE: a first table of 4 entries; leaves of 4 KiB and 2 MiB.
  package static let i386PAE = PageTableForm(
    addresses: [0...0xffff_ffff],
    levels: [
      level(30, bits: 2, address: 52, isLarge: false),
      level(21, bits: 9, address: 52, isLarge: true),
      level(12, bits: 9, address: 52, isLarge: false),
    ])

  /// i386 without PAE; leaves of 4 KiB and 4 MiB, the latter with PSE-36: bits 13 to 20 of an
  /// entry are bits 32 to 39 of the address (Intel SDM 3A, 4.3).
  package static let i386 = PageTableForm(
    addresses: [0...0xffff_ffff], entrySize: 4,
    levels: [
      Level(
        index: 22..<32, present: present,
        leaves: [
          Leaf(large, shift: 22, address: [AddressBits(22..<32), AddressBits(13..<21, at: 32)])
        ], branch: Branch(.always, address: [AddressBits(12..<32)])),
      level(12, bits: 10, address: 32, isLarge: false),
    ])

  /// `_PAGE_PRESENT`
  private static let present = EntryTest.set(1 << 0)
  /// `_PAGE_PSE`
  private static let large = EntryTest.set(1 << 7)

  /// One level; the large bit is reserved where no large page is possible.
  private static func level(_ shift: Int, bits: Int, address: Int, isLarge: Bool) -> Level {
    let index = shift..<shift + bits
    guard shift > 12 else {
      let page = Leaf(.always, shift: shift, address: [AddressBits(shift..<address)])
      return Level(index: index, present: present, leaves: [page])
    }
    let leaf = Leaf(large, shift: shift, address: [AddressBits(shift..<address)])
    return Level(
      index: index, present: present, leaves: isLarge ? [leaf] : [],
      branch: Branch(.clear(1 << 7), address: [AddressBits(12..<address)]))
  }
}

extension PageTable {
  /// The tables of an x86_64 kernel. The key `pgtable_l5_enabled` exists since 5 levels do.
  package static func x86_64(_ evidence: PageTableEvidence) throws(ReadError) -> Answer {
    let information = evidence.information
    let hasFive = information.number("pgtable_l5_enabled") ?? 0 != 0
    let form = PageTableForm.x86_64(
      levels: hasFive ? 5 : 4, encryption: information.number("sme_mask") ?? 0)
    return try evidence.table(form, at: ["init_top_pgt", "init_level4_pgt", "swapper_pg_dir"])
  }

  /// The tables of an i386 kernel.
  package static func i386(_ evidence: PageTableEvidence) throws(ReadError) -> Answer {
    let hasPAE = evidence.information["CONFIG_X86_PAE"] != nil
    return try evidence.table(hasPAE ? .i386PAE : .i386, at: PageTableEvidence.root)
  }
}
