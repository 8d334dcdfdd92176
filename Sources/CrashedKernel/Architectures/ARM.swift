package import Bytes
internal import DumpRecords

extension Architecture {
  /// r0…r12 **sp** lr **pc** cpsr orig_r0. With RAM beyond 4 GiB the header may be of class 64.
  package static let arm = Architecture(
    identity: MachineIdentity(
      name: "arm", machines: [.arm], classes: ELFClass.allCases, order: .little, wordSize: 4,
      systemNames: ["armv*"], family: "arm*", statusSize: 148),
    registers: RegisterPlaces(programCounter: 15, stackPointer: 13), onlyPageSize: nil,
    integerAlignment: 8, linearMap: { _ in nil }, pageTable: PageTable.arm, furtherMapping: nil,
    memoryMap: MemoryMapRules(section: 28, physical: [32, 36], startsAtLowestLoad: true),
    directMapVariable: nil, needsImageLoad: false,
    physicalBase: .lowestLoad, buildsCoreHeader: false, hasFirmwareDump: false,
    backupRegion: .anyone,
    absenceOfPurgatory: nil, hypervisor: .floatingPoint)
}

extension PageTableForm {
  /// 32-bit arm with short descriptors: sections of 1 MiB, supersections of 16 MiB, pages of
  /// 64 KiB and 4 KiB. These are the tables that the hardware reads.
  ///
  /// Sources: ARM DDI 0406C, B3.5; `arch/arm/include/asm/pgtable-2level-hwdef.h`. Seen in Linux 6.1,
  /// as the long ones below.
  package static let armShort = PageTableForm(
    addresses: [0...0xffff_ffff], entrySize: 4,
    levels: [
      Level(
        index: 20..<32, present: .any(3),
        leaves: [
          Leaf(
            .set(1 << 1 | 1 << 18), shift: 24,
            address: [
              AddressBits(24..<32), AddressBits(20..<24, at: 32), AddressBits(5..<9, at: 36),
            ]),
          Leaf(.set(1 << 1), shift: 20, address: [AddressBits(20..<32)]),
        ], branch: Branch(.always, address: [AddressBits(10..<32)])),
      Level(
        index: 12..<20, present: .any(3),
        leaves: [
          Leaf(.set(1 << 1), shift: 12, address: [AddressBits(12..<32)]),
          Leaf(.always, shift: 16, address: [AddressBits(16..<32)]),
        ]),
    ])

  /// 32-bit arm with CONFIG_ARM_LPAE: long descriptors, three levels, blocks of 1 GiB and 2 MiB.
  ///
  /// Source: ARM DDI 0406C, B3.6; `arch/arm/include/asm/pgtable-3level-hwdef.h`.
  package static let armLPAE = PageTableForm(
    addresses: [0...0xffff_ffff],
    levels: [longLevel(30..<32), longLevel(21..<30), longLevel(12..<21)])

  /// One level of long descriptors: 01 is a block, 11 a table or a page.
  private static func longLevel(_ index: Range<Int>) -> Level {
    let shift = index.lowerBound
    let address = [AddressBits(12..<40)]
    let table = EntryTest.equals(3, under: 3)
    guard shift > 12 else {
      return Level(
        index: index, present: .set(1), leaves: [Leaf(table, shift: 12, address: address)])
    }
    return Level(
      index: index, present: .set(1),
      leaves: [Leaf(.equals(1, under: 3), shift: shift, address: address)],
      branch: Branch(table, address: address))
  }
}

extension PageTable {
  /// The tables of a 32-bit arm kernel. Nothing in vmcoreinfo says where its memory begins; the
  /// evidence must map its image.
  package static func arm(_ evidence: PageTableEvidence) throws(ReadError) -> Answer {
    let isLong = evidence.information["CONFIG_ARM_LPAE"] != nil
    return try evidence.table(isLong ? .armLPAE : .armShort, at: PageTableEvidence.root)
  }
}
