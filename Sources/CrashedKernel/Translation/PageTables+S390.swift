package import Bytes
internal import DumpRecords

extension PageTableForm {
  /// s390x from a level on: 3 is the region-first table, 2 the second, 1 the third, 0 the segment
  /// table. Leaves of 4 KiB, 1 MiB (EDAT1) and 2 GiB (EDAT2).
  ///
  /// Sources: z/Architecture Principles of Operation, "Dynamic Address Translation";
  /// `arch/s390/include/asm/pgtable.h`.
  package static func s390x(from first: UInt64) -> PageTableForm {
    let first = min(first, 3)
    let pages = Level(
      index: 12..<20, present: .clear(1 << 10),
      leaves: [Leaf(.clear(1 << 11), shift: 12, address: [AddressBits(12..<64)])])
    return PageTableForm(
      addresses: [0...UInt64.max >> (11 * (3 - first))],
      levels: (0...first).reversed().map(region) + [pages])
  }

  /// A table of regions, or of segments. An entry tells which one it stands in, and which part of
  /// a lower table of regions exists.
  private static func region(_ number: UInt64) -> Level {
    let shift = 20 + 11 * Int(number)
    let type = number << 2
    let isSegment = number == 0
    // A region of the first two kinds has no large form: the bit says nothing there.
    let leaf = Leaf(
      .equals(type | 1 << 10, under: 0xc | 1 << 10), shift: shift,
      address: [AddressBits(shift..<64)])
    let branch = Branch(
      number > 1 ? .equals(type, under: 0xc) : .equals(type, under: 0xc | 1 << 10),
      address: [AddressBits((isSegment ? 11 : 12)..<64)],
      limits: isSegment ? nil : TableLimits(first: 6..<8, last: 0..<2))
    return Level(
      index: shift..<shift + 11, present: .clear(1 << 5), leaves: number > 1 ? [] : [leaf],
      branch: branch)
  }
}

extension PageTable {
  /// The tables of an s390x kernel. Which kind the first one is, each of its entries says, used or
  /// not: the kernel fills them all (`crst_table_init`, `arch/s390/include/asm/pgalloc.h`).
  package static func s390x(_ evidence: PageTableEvidence) throws(ReadError) -> Answer {
    guard let address = try evidence.address(of: PageTableEvidence.root) else {
      return .absent("no swapper_pg_dir is known")
    }
    switch try evidence.memory.read(UInt64.self, at: address) {
    case .found(let entry):
      let form = PageTableForm.s390x(from: entry >> 2 & 3)
      return try evidence.table(form, at: PageTableEvidence.root)
    case .unreadable(let why): return .absent("swapper_pg_dir cannot be read: \(why)")
    }
  }
}
