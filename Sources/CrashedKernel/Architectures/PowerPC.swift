package import Bytes
package import DumpRecords

extension Architecture {
  /// Big-endian 64-bit POWER.
  package static let ppc64 = powerPC("ppc64", order: .big)
  /// Little-endian 64-bit POWER.
  package static let ppc64le = powerPC("ppc64le", order: .little)

  /// gpr0 **gpr1**…gpr31 **nip** msr … The kernel image lies in the direct map.
  private static func powerPC(_ name: String, order: ByteOrder) -> Architecture {
    Architecture(
      identity: MachineIdentity(
        name: name, machines: [.ppc64], classes: ELFClass.allCases, order: order, wordSize: 8,
        systemNames: [NamePattern(stringLiteral: name)], family: "ppc64*", statusSize: 504),
      registers: RegisterPlaces(programCounter: 32, stackPointer: 1), onlyPageSize: nil,
      integerAlignment: 8,
      linearMap: { _ in LinearMap([.init(0xc000 << 48 ... .max, minus: 0xc000 << 48)]) },
      pageTable: PageTable.power, furtherMapping: Mapping.powerVmemmap,
      memoryMap: MemoryMapRules(section: 24, physical: [51, 47, 46, 44]), directMapVariable: nil,
      needsImageLoad: true, physicalBase: .zero, buildsCoreHeader: false, hasFirmwareDump: true,
      backupRegion: .anyone, absenceOfPurgatory: "kexec_file_load on ppc64 checks no digest",
      hypervisor: .floatingPoint)
  }
}

extension PageTableForm {
  /// Linux's tables of book3s ppc64, of Linux 4.7 and later: by then entries are big-endian
  /// whatever the kernel is, and hold physical addresses. With the radix MMU the hardware reads
  /// them, with the hash MMU only Linux does: they have vmalloc, but neither the direct map nor
  /// the vmemmap.
  ///
  /// Sources: `arch/powerpc/include/asm/book3s/64/pgtable.h`, `radix.h`, `hash.h`. Seen in Linux 6.1
  /// (radix, hash) and 6.12 (hash) with pages of 64 KiB; those of 4 KiB rest on the sources alone.
  ///
  /// - Parameters:
  ///   - sizes: bits of an index, from the first table on (PGD, PUD, PMD, PTE).
  ///   - isRadix: an entry that leads to a table is marked as present too.
  package static func power(pageShift: Int, sizes: [Int], isRadix: Bool) -> PageTableForm {
    var shift = pageShift + sizes.reduce(0, +)
    let kernel = UInt64(0xc000) << 48
    let addresses = kernel...kernel + (1 << UInt64(shift) - 1)
    let levels = sizes.enumerated().map { number, size in
      shift -= size
      let leaf = Leaf(
        .set(3 << 62), shift: shift, address: [AddressBits(pageShift..<53)])
      let isLast = number == sizes.count - 1
      return Level(
        index: shift..<shift + size,
        present: isLast || isRadix ? .set(1 << 63) : .any(.max), leaves: [leaf],
        branch: isLast ? nil : Branch(.clear(1 << 62), address: [AddressBits(8..<62)]))
    }
    return PageTableForm(addresses: [addresses], order: .big, levels: levels)
  }

  /// The radix MMU (`radix-4k.h`, `radix-64k.h`); leaves of a page, 2 MiB and 1 GiB.
  package static func powerRadix(pageShift: Int) -> PageTableForm {
    power(
      pageShift: pageShift, sizes: [13, 9, 9, pageShift == 16 ? 5 : 9], isRadix: true)
  }

  /// The hash MMU (`hash-4k.h`, `hash-64k.h`), Linux 4.17 and later.
  package static func powerHash(pageShift: Int) -> PageTableForm {
    power(
      pageShift: pageShift, sizes: pageShift == 16 ? [8, 10, 10, 8] : [9, 9, 7, 9],
      isRadix: false)
  }
}

extension PageTable {
  /// The tables of a ppc64 or ppc64le kernel.
  package static func power(_ evidence: PageTableEvidence) throws(ReadError) -> Answer {
    guard let size = evidence.information.pageSize, size == 1 << 12 || size == 1 << 16 else {
      return .absent("PAGESIZE is none that ppc64 has")
    }
    let shift = size.trailingZeroBitCount
    let radix = try evidence.table(.powerRadix(pageShift: shift), at: PageTableEvidence.root)
    guard case .found(let table) = radix else { return radix }
    guard let isRadix = try isRadix(evidence, table) else {
      return .absent("nothing says which MMU is in use, and the first table is damaged")
    }
    guard evidence.information.isRelease(atLeast: isRadix ? (4, 7) : (4, 17)) else {
      return .absent("tables of this form came with Linux \(isRadix ? "4.7" : "4.17")")
    }
    return isRadix
      ? radix : .found(PageTable(.powerHash(pageShift: shift), root: table.root))
  }

  /// Linux 6.8 and later say so. Before, the tables do: with the radix MMU they have the direct
  /// map, so they lead to themselves, and with the hash MMU they have nothing there.
  private static func isRadix(
    _ evidence: PageTableEvidence, _ table: PageTable
  ) throws(ReadError) -> Bool? {
    if let number = evidence.information.number("RADIX_MMU") { return number != 0 }
    guard let address = try evidence.address(of: PageTableEvidence.root) else { return nil }
    let memory = VirtualMemory(
      evidence.memory.memory, order: evidence.memory.order, wordSize: evidence.memory.wordSize,
      mappings: [.pageTable(table)])
    switch try memory.translate(address) {
    case .at(let physical, _): return physical == table.root ? true : nil
    case .notMapped: return false
    case .missing, .corrupt: return nil
    }
  }
}

extension VMCoreInfo {
  /// Whether the release is this one or a later one; false where it cannot be read.
  fileprivate func isRelease(atLeast wanted: (Int, Int)) -> Bool {
    let parts = (release ?? "").split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
    return parts.count == 2 && (parts[0], parts[1]) >= wanted
  }
}

extension Mapping {
  /// Where a ppc64 kernel with the hash MMU has its struct pages: a list of blocks of equal size
  /// (`struct vmemmap_backing`, `arch/powerpc/mm/init_64.c`). Its page tables do not have them.
  /// Blocks can stand in the list twice; the first one is the true one.
  ///
  /// - Parameter memory: has the direct map.
  /// - Returns: nil where the kernel tells of no such list, or it cannot be followed.
  package static func powerVmemmap(
    _ information: VMCoreInfo, in memory: VirtualMemory
  ) throws(ReadError) -> Mapping? {
    guard let list = information.symbol("vmemmap_list"),
      let next = information.decimal("OFFSET(vmemmap_backing.list)"),
      let physical = information.decimal("OFFSET(vmemmap_backing.phys)"),
      let virtual = information.decimal("OFFSET(vmemmap_backing.virt_addr)"),
      let size = try blockSize(information, in: memory)
    else { return nil }
    var pieces: [PieceMap.Piece] = []
    var seen: Set<UInt64> = []
    var entry = try memory.pointer(at: list).value
    while let place = entry, place != 0 {
      guard seen.insert(place).inserted, pieces.count < blockLimit,
        let start = try memory.pointer(at: place &+ virtual).value,
        let position = try memory.pointer(at: place &+ physical).value,
        let range = Range(start: start, length: size)
      else { return nil }
      pieces.append(PieceMap.Piece(range: range, position: position))
      entry = try memory.pointer(at: place &+ next).value
    }
    return pieces.isEmpty || entry == nil ? nil : .pieces(PieceMap(firstWins: pieces))
  }

  /// No machine has more: one of 64 KiB has the struct pages of at least 64 MiB.
  private static let blockLimit = 1 << 20

  /// `mmu_psize_defs[mmu_vmemmap_psize].shift` as a size: 64 KiB and 16 MiB occur.
  private static func blockSize(
    _ information: VMCoreInfo, in memory: VirtualMemory
  ) throws(ReadError) -> UInt64? {
    guard let table = information.symbol("mmu_psize_defs"),
      let variable = information.symbol("mmu_vmemmap_psize"),
      let size = information.decimal("SIZE(mmu_psize_def)"),
      let offset = information.decimal("OFFSET(mmu_psize_def.shift)"),
      let index = try memory.read(UInt32.self, at: variable).value, index < 64,
      let shift = try memory.read(
        UInt32.self, at: table &+ UInt64(index) &* size &+ offset
      ).value, (12...34).contains(shift)
    else { return nil }
    return 1 << UInt64(shift)
  }
}
