package import Bytes
internal import DumpRecords

extension Architecture {
  /// x0…x30 **sp** **pc** pstate.
  package static let aarch64 = Architecture(
    identity: MachineIdentity(
      name: "aarch64", machines: [.aarch64], classes: ELFClass.allCases, order: .little,
      wordSize: 8, systemNames: ["aarch64"], family: "aarch64*", statusSize: 392),
    registers: RegisterPlaces(programCounter: 32, stackPointer: 31), onlyPageSize: nil,
    integerAlignment: 8, linearMap: splitLinearMap, pageTable: PageTable.arm64, furtherMapping: nil,
    memoryMap: MemoryMapRules(sections: sectionSizes), directMapVariable: nil, needsImageLoad: true,
    physicalBase: .number("PHYS_OFFSET", otherwise: .lowestLoad), buildsCoreHeader: false,
    hasFirmwareDump: false,
    backupRegion: .anyone,
    absenceOfPurgatory: "kexec_file_load on arm64 has no purgatory", hypervisor: .floatingPoint)

  /// Sections became smaller with Linux 5.12 (f0b13ee23241).
  @Sendable private static func sectionSizes(_ kernel: Kernel) -> MemoryMapRules.SectionSizes {
    let isSmall = kernel.isRelease(atLeast: 5, 12)
    let section = !isSmall ? 30 : kernel.information.pageSize == 1 << 16 ? 29 : 27
    return .init(section: section, physical: [48, 52])
  }

  /// The linear map is the lower half of the kernel's addresses, the image lies in the upper one
  /// (Linux 5.4 and later, `arch/arm64/include/asm/memory.h`). A kernel made for 52 bits has its
  /// halves where hardware without them has: at 48 bits, with pages of 16 KiB at 47
  /// (`VA_BITS_MIN`, `_PAGE_END`). Before 5.4 the halves were the other way round
  /// (`VA_START`, `PAGE_OFFSET`).
  @Sendable private static func splitLinearMap(_ information: VMCoreInfo) -> LinearMap? {
    guard let image = information.number("kimage_voffset"),
      let bits = information.number("VA_BITS"), (36...52).contains(bits)
    else { return nil }
    let least: UInt64 = bits <= 48 ? bits : information.pageSize == 1 << 14 ? 47 : 48
    let half = 0 &- (UInt64(1) << (least - 1))
    if let text = information.symbol("_stext"), text < half {
      let start = 0 &- (UInt64(1) << bits)
      var windows = [LinearMap.Window(start...half - 1, minus: image, isDirectMap: false)]
      if let start = information.number("PHYS_OFFSET") {
        windows.append(.init(half ... .max, minus: half &- start))
      }
      return LinearMap(windows)
    }
    var windows = [LinearMap.Window(half ... .max, minus: image, isDirectMap: false)]
    if let start = information.number("PHYS_OFFSET") {
      let linear = 0 &- (UInt64(1) << bits)
      windows.append(.init(linear...half - 1, minus: linear &- start))
    }
    return LinearMap(windows)
  }
}

extension PageTableForm {
  /// arm64, the half of addresses that is the kernel's; leaves of a page, and blocks where the
  /// architecture has them. Contiguous ranges need nothing: each of their entries is whole.
  ///
  /// Sources: Arm ARM D8.3; `arch/arm64/include/asm/pgtable-hwdef.h`. Seen in Linux 6.12 made for 52
  /// bits: pages of 4 KiB on hardware with 48 and with 52 (LPA2), of 16 KiB with 47 and 52. Pages of
  /// 64 KiB rest on the sources alone.
  ///
  /// - Parameters:
  ///   - pageShift: 12, 14 or 16.
  ///   - bits: of an address that the hardware translates, 64 - T1SZ.
  ///   - configured: `VA_BITS`, for which the first table is made. It matters with pages of 64 KiB
  ///     alone: on hardware with 48 bits such a kernel uses the last of 1024 entries made for 52
  ///     (`TTBR1_BADDR_4852_OFFSET`); with other pages it leaves out a whole level instead.
  package static func arm64(pageShift: Int, bits: Int, configured: Int) -> PageTableForm {
    let step = pageShift - 3
    let count = levels(bits, pageShift)
    let top = levels(configured, pageShift) == count ? max(bits, configured) : bits
    let address = addressBits(pageShift: pageShift, hasLPA2: bits == 52 && pageShift < 16)
    let shifts = (0..<count).reversed().map { pageShift + $0 * step }
    return PageTableForm(
      addresses: [0 &- (1 << UInt64(bits)) ... .max],
      levels: shifts.enumerated().map { number, shift in
        let index = shift..<(number == 0 ? top : shift + step)
        guard shift > pageShift else {
          return Level(
            index: index, present: valid, leaves: [Leaf(table, shift: shift, address: address)])
        }
        let isBlock = blocks(pageShift: pageShift, bits: bits).contains(shift)
        return Level(
          index: index, present: valid,
          leaves: isBlock ? [Leaf(block, shift: shift, address: address)] : [],
          branch: Branch(table, address: address))
      })
  }

  /// `PTE_VALID`
  private static let valid = EntryTest.set(1 << 0)
  /// `PMD_TYPE_SECT`
  private static let block = EntryTest.equals(1, under: 3)
  /// `PMD_TYPE_TABLE`, `PTE_TYPE_PAGE`
  private static let table = EntryTest.equals(3, under: 3)

  /// Levels that the kernel uses for addresses of so many bits (`ARM64_HW_PGTABLE_LEVELS`).
  private static func levels(_ bits: Int, _ pageShift: Int) -> Int {
    (bits - 4) / (pageShift - 3)
  }

  /// Where the address stands: addresses of 52 bits have their upper ones in lower bits of the
  /// entry. With pages of 64 KiB those are zero in kernels without such addresses; with others
  /// they mean something else unless LPA2 is in use.
  private static func addressBits(pageShift: Int, hasLPA2: Bool) -> [AddressBits] {
    if pageShift == 16 { return [AddressBits(16..<48), AddressBits(12..<16, at: 48)] }
    if hasLPA2 { return [AddressBits(pageShift..<50), AddressBits(8..<10, at: 50)] }
    return [AddressBits(pageShift..<48)]
  }

  /// The sizes that a block can have, as shifts.
  private static func blocks(pageShift: Int, bits: Int) -> [Int] {
    switch pageShift {
    case 12: bits == 52 ? [21, 30, 39] : [21, 30]
    case 14: bits == 52 ? [25, 36] : [25]
    default: [29, 42]
    }
  }
}

extension PageTable {
  /// The tables of an arm64 kernel.
  package static func arm64(_ evidence: PageTableEvidence) throws(ReadError) -> Answer {
    let information = evidence.information
    guard let size = information.pageSize, [1 << 12, 1 << 14, 1 << 16].contains(size) else {
      return .absent("PAGESIZE is none that arm64 has")
    }
    guard let configured = information.number("VA_BITS"), (36...52).contains(configured) else {
      return .absent("vmcoreinfo has no VA_BITS of 36 to 52")
    }
    let bits = actualBits(information, configured)
    guard (36...52).contains(bits) else {
      return .absent("TCR_EL1_T1SZ leaves \(bits) bits of an address, expected 36 to 52")
    }
    let form = PageTableForm.arm64(
      pageShift: size.trailingZeroBitCount, bits: Int(bits), configured: Int(configured))
    return try evidence.table(form, at: PageTableEvidence.root)
  }

  /// Bits of an address that the hardware translates. The key came with Linux 5.9; before it, a
  /// kernel made for 52 bits has its direct map at bit 51 where the hardware has 48
  /// (`arch/arm64/include/asm/memory.h`).
  private static func actualBits(_ information: VMCoreInfo, _ configured: UInt64) -> UInt64 {
    if let size = information.number("TCR_EL1_T1SZ") { return 64 &- size }
    guard configured == 52, let section = information.symbol("mem_section") else {
      return configured
    }
    return section >> 51 & 1 == 1 ? 48 : 52
  }
}
