internal import Bytes

/// A memory map as an x86 kernel keeps it: a count, then packed entries of 20 bytes. Copies lie in
/// the kernel image, where the kernel allocated them, and in zero pages.
/// Layout: `struct e820_table`, `arch/x86/include/asm/e820/types.h`; `e820_table` in
/// `struct boot_params`.
package struct MemoryMapTable: Equatable, Sendable {
  /// Its entries, ascending.
  package var entries: [BootParameters.MemoryMapEntry]

  /// The start of the entry that every machine has: RAM goes on where the ISA range ends.
  package static let anchor: UInt32 = 0x10_0000
  /// Size of `struct boot_e820_entry`.
  package static let entrySize = 20
  /// Bytes before that entry that belong to a table, or tell that it is one.
  package static let bytesBefore = BootParameters.mapOffset + mostBefore * entrySize
  /// Bytes from that entry on that may belong to a table.
  package static let bytesFrom = mostEntries * entrySize

  /// Entries below 1 MiB that are looked for.
  private static let mostBefore = 32
  /// `E820_MAX_ENTRIES` without the nodes of a large machine.
  private static let mostEntries = 320

  /// The table that holds the entry at `offset`; nil where nothing says how many entries there are.
  /// The longest reading is the right one: the type of an entry can be taken for a count.
  package init?(_ bytes: [UInt8], around offset: Int) {
    for before in (0...MemoryMapTable.mostBefore).reversed() {
      let first = offset - before * MemoryMapTable.entrySize
      guard let count = MemoryMapTable.count(bytes, at: first), count > before,
        let entries = MemoryMapTable.entries(bytes, at: first, count: count)
      else { continue }
      self.entries = entries
      return
    }
    return nil
  }

  /// How many entries begin at `first`: the word before them says it, or a zero page.
  private static func count(_ bytes: [UInt8], at first: Int) -> Int? {
    let reader = ByteReader(bytes, order: .little)
    let page = first - BootParameters.mapOffset
    if page >= 0, let count = BootParameters.mapCount(reader, at: page) { return count }
    guard first >= 4, let count = try? reader.peek(at: first - 4, UInt32.self),
      count <= UInt32(mostEntries), !isEntry(reader, endingAt: first)
    else { return nil }
    return Int(count)
  }

  /// Whether another entry stands before one: then the word between them is a type.
  private static func isEntry(_ reader: ByteReader, endingAt next: Int) -> Bool {
    guard next >= entrySize,
      let start = try? reader.peek(at: next - entrySize, UInt64.self),
      let length = try? reader.peek(at: next - entrySize + 8, UInt64.self), length > 0,
      let end = start.adding(length), let limit = try? reader.peek(at: next, UInt64.self)
    else { return false }
    return end <= limit
  }

  private static func entries(
    _ bytes: [UInt8], at first: Int, count: Int
  ) -> [BootParameters.MemoryMapEntry]? {
    let reader = ByteReader(bytes, order: .little)
    var entries: [BootParameters.MemoryMapEntry] = []
    for index in 0..<count {
      let offset = first + index * entrySize
      guard let start = try? reader.peek(at: offset, UInt64.self),
        let length = try? reader.peek(at: offset + 8, UInt64.self),
        let type = try? reader.peek(at: offset + 16, UInt32.self), type != 0, length > 0,
        start >= entries.last?.range.upperBound ?? 0,
        let range = Range(start: start, length: length), range.upperBound <= PhysicalAddress.end
      else { return nil }
      entries.append(BootParameters.MemoryMapEntry(range: range, type: type))
    }
    return entries
  }
}
