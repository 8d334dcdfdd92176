/// What the second kernel makes of a core header: the whole of /proc/vmcore, computed the slow and
/// simple way, to compare the program with.
package struct LayoutModel: Sendable {
  /// The layouts that kernels have written.
  package enum Compat: String, Sendable, Equatable, CaseIterable {
    /// Nothing is padded to pages.
    case before311 = "pre-3.11"
    /// Header, notes and loads in whole pages.
    case from311 = "3.11"
    /// The same; the merged note is aligned to 4.
    case from65 = "6.5"

    /// The layout that a release writes.
    package static func ofRelease(_ release: String) -> Compat {
      let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
      let version = (numbers.first ?? 0) * 1000 + (numbers.count > 1 ? numbers[1] : 0)
      if release.hasPrefix("3.10.0-"), release.contains(".el7") { return .from311 }
      return version >= 6005 ? .from65 : version >= 3011 ? .from311 : .before311
    }
  }

  /// Why there is no /proc/vmcore.
  package enum Refusal: Error, Equatable {
    case notAHeader(String)
    case noProgramHeaders
    case noNotes
    case notesNotFirst
    case impossibleLoad(index: Int)
    case tooLarge
  }

  /// A program header, every field widened.
  struct Entry: Equatable {
    var type: UInt64 = 0
    var flags: UInt64 = 0
    var offset: UInt64 = 0
    var virtual: UInt64 = 0
    var physical: UInt64 = 0
    var fileSize: UInt64 = 0
    var memorySize: UInt64 = 0
    var alignment: UInt64 = 0
  }

  /// The layout.
  package var compat: Compat
  /// The page size of the second kernel.
  package var pageSize: UInt64
  /// Whether PT_NOTEs that do not come first are deleted by position, as the kernel does.
  package var exact: Bool
  /// Whether loads that end beyond 64 bits are left out instead of refused.
  package var omitsImpossibleLoads: Bool

  /// A model of one kernel.
  package init(
    compat: Compat, pageSize: UInt64, exact: Bool = false, omitsImpossibleLoads: Bool = false
  ) {
    self.compat = compat
    self.pageSize = pageSize
    self.exact = exact
    self.omitsImpossibleLoads = omitsImpossibleLoads
  }

  /// The whole of /proc/vmcore. `header` may be longer than the header; `memory` gives that many
  /// bytes at a physical address.
  package func vmcore(
    header: [UInt8], memory: (UInt64, Int) -> [UInt8]
  ) throws(Refusal) -> [UInt8] {
    let plan = try plan(header: header, memory: memory)
    var file = plan.front
    for piece in plan.pieces {
      file += memory(piece.lowerBound, Int(piece.upperBound - piece.lowerBound))
    }
    return file
  }

  /// Header and notes, up to the first load's bytes.
  package func front(
    header: [UInt8], memory: (UInt64, Int) -> [UInt8]
  ) throws(Refusal) -> [UInt8] {
    try plan(header: header, memory: memory).front
  }

  private func plan(
    header: [UInt8], memory: (UInt64, Int) -> [UInt8]
  ) throws(Refusal) -> (front: [UInt8], pieces: [Range<UInt64>]) {
    let form = try ModelHeader(header)
    var table = form.table(in: header)
    if omitsImpossibleLoads {
      table.removeAll { $0.type == 1 && $0.offset.addingReportingOverflow($0.memorySize).overflow }
    }
    var notes: [UInt8] = []
    var noteCount = 0
    for index in table.indices where table[index].type == 4 {
      let real = try walk(table[index], form.order, memory)
      notes += memory(table[index].offset, real)
      // Before 3.11 an entry that survives keeps its size.
      if compat != .before311 { table[index].memorySize = UInt64(real) }
      noteCount += 1
    }
    if noteCount == 0 { throw .noNotes }
    if !exact, table.prefix(noteCount).contains(where: { $0.type != 4 }) { throw .notesNotFirst }

    let count = table.count - noteCount + 1
    let headerSize = padded(UInt64(form.size + count * form.entrySize))
    var merged = Entry()
    merged.type = 4
    merged.offset = headerSize
    merged.fileSize = UInt64(notes.count)
    merged.memorySize = UInt64(notes.count)
    merged.alignment = compat == .from65 ? 4 : 0
    table = [merged] + table[noteCount...]

    var position = headerSize + padded(UInt64(notes.count))
    let frontSize = position
    var pieces: [Range<UInt64>] = []
    for index in table.indices where table[index].type == 1 {
      let piece = try pages(of: table[index], index: index)
      if form.bits == 32, position > 0xffff_ffff { throw .tooLarge }
      let skipped = table[index].offset - piece.lowerBound
      table[index].offset = position + skipped
      position += piece.upperBound - piece.lowerBound
      if position > 1 << 40 { throw .tooLarge }
      pieces.append(piece)
    }
    var front = form.bytes(of: header, table: table)
    front += [UInt8](repeating: 0, count: Int(headerSize) - front.count)
    front += notes
    front += [UInt8](repeating: 0, count: Int(frontSize) - front.count)
    return (front, pieces)
  }

  /// How many bytes of a note section are notes.
  private func walk(
    _ entry: Entry, _ order: RecipeOrder, _ memory: (UInt64, Int) -> [UInt8]
  ) throws(Refusal) -> Int {
    if entry.memorySize > 1 << 28 { throw .tooLarge }
    let limit = Int(entry.memorySize)
    let section = memory(entry.offset, limit)
    var position = 0
    while position + 12 <= limit {
      let nameSize = Int(order.value(in: section, at: position, width: 4))
      let contentSize = Int(order.value(in: section, at: position + 4, width: 4))
      if nameSize == 0 { break }
      let size = 12 + (nameSize + 3) / 4 * 4 + (contentSize + 3) / 4 * 4
      if position + size > limit {
        if compat != .before311 { break }
        if size > 1 << 28 { throw .tooLarge }
      }
      position += size
    }
    return position
  }

  /// The memory that a load puts into the file.
  private func pages(of entry: Entry, index: Int) throws(Refusal) -> Range<UInt64> {
    let (end, overflow) = entry.offset.addingReportingOverflow(entry.memorySize)
    if overflow || end > UInt64.max - pageSize { throw .impossibleLoad(index: index) }
    if compat == .before311 { return entry.offset..<end }
    return entry.offset / pageSize * pageSize..<padded(end)
  }

  private func padded(_ size: UInt64) -> UInt64 {
    compat == .before311 ? size : (size + pageSize - 1) / pageSize * pageSize
  }
}
