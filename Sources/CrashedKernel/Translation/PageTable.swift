internal import Bytes
internal import DumpRecords

/// The page tables of a kernel: their form, and where they begin.
package struct PageTable: Equatable, Sendable {
  /// How the tables are read.
  package var form: PageTableForm
  /// Physical address of the first level's table.
  package var root: UInt64

  /// Tables of a form.
  package init(_ form: PageTableForm, root: UInt64) {
    self.form = form
    self.root = root
  }

  /// The tables, or one sentence that says why they are not known.
  package enum Answer: Equatable, Sendable {
    /// Form and place of the tables.
    case found(PageTable)
    /// Why they are not known, as the end of a sentence.
    case absent(String)
  }
}

extension PageTable {
  /// Follows the tables for one address, at most one entry a level, whatever they hold.
  func translate(
    _ address: UInt64, through reader: inout PageTableReader
  ) throws(ReadError) -> Translated {
    var level = form.levels.count
    guard form.addresses.contains(where: { $0.contains(address) }) else {
      return .notMapped(level: level)
    }
    var table = root
    var parts: ClosedRange<UInt64>?
    for format in form.levels {
      let index = address.field(format.index)
      if let parts, !parts.contains(index >> UInt64(max(0, format.index.count - 2))) {
        return .notMapped(level: level)
      }
      let place = table &+ index &* UInt64(form.entrySize)
      guard let entry = try reader.entry(at: place, level: level) else { return .missing(place) }
      switch format.meaning(of: entry & ~form.ignored) {
      case .absent: return .notMapped(level: level)
      case .impossible: return .corrupt(entry, at: place)
      case .branch(let next, let limits):
        table = next
        parts = limits
      case .leaf(let start, let shift):
        let size = UInt64(1) << UInt64(shift)
        let offset = address & (size &- 1)
        return .at(start | offset, upTo: size - offset)
      }
      level -= 1
    }
    return .notMapped(level: 0)
  }

  /// How many bytes from an address on are surely not mapped, where an entry of `level` said so.
  func gap(at address: UInt64, level: Int) -> UInt64 {
    guard form.addresses.contains(where: { $0.contains(address) }) else {
      let next = form.addresses.map(\.lowerBound).filter { $0 > address }.min()
      return next.map { $0 - address } ?? .max
    }
    guard level > 0, level <= form.levels.count else { return 1 }
    let shift = form.levels[form.levels.count - level].index.lowerBound
    let size = UInt64(1) << UInt64(shift)
    return size - address & (size &- 1)
  }
}
