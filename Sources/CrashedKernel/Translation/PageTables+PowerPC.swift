package import Bytes
internal import DumpRecords

extension PageTableForm {
  /// Linux's tables of book3s ppc64, of Linux 4.7 and later: by then entries are big-endian
  /// whatever the kernel is, and hold physical addresses. With the radix MMU the hardware reads
  /// them, with the hash MMU only Linux does: they have vmalloc, but neither the direct map nor
  /// the vmemmap.
  ///
  /// Sources: `arch/powerpc/include/asm/book3s/64/pgtable.h`, `radix.h`, `hash.h`.
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
