import DumpRecords
import TestSupport
import Testing

@Suite("Tables of the firmware's memory map")
struct MemoryMapTableTests {
  private static let entries: [(range: Range<UInt64>, type: UInt32)] = [
    (0..<0x1000, 2), (0x1000..<0x9fc00, 1), (0x9fc00..<0xa0000, 2),
    (0x100000..<0xbffd_d000, 1), (0xbffd_d000..<0xc000_0000, 2),
    (0x1_0000_0000..<0x1_4000_0000, 1),
  ]

  private static func bytes(of entries: ArraySlice<(range: Range<UInt64>, type: UInt32)>) -> [UInt8]
  {
    let order = RecipeOrder.little
    return entries.flatMap { entry in
      order.bytes(entry.range.lowerBound, width: 8)
        + order.bytes(entry.range.upperBound - entry.range.lowerBound, width: 8)
        + order.bytes(UInt64(entry.type), width: 4)
    }
  }

  @Test("are read from the entry at 1 MiB, with a count before them or in a zero page")
  func forms() {
    let body = Self.bytes(of: Self.entries[...])
    let counted = [6, 0, 0, 0] + body
    let table = MemoryMapTable(counted, around: 4 + 60)
    #expect(table?.entries.map(\.range) == Self.entries.map(\.range))
    #expect(table?.entries.map(\.type) == Self.entries.map(\.type))
    var page = [UInt8](repeating: 0, count: 4096)
    page.replaceSubrange(0x202..<0x206, with: Array("HdrS".utf8))
    page[0x1e8] = 6
    page.replaceSubrange(0x2d0..<0x2d0 + body.count, with: body)
    #expect(MemoryMapTable(page, around: 0x2d0 + 60) == table)
  }

  @Test("are none without a count, cut off, or out of order")
  func refused() {
    let body = Self.bytes(of: Self.entries[...])
    #expect(MemoryMapTable([7, 0, 0, 0] + body, around: 64) == nil)
    for count in 0..<body.count {
      #expect(MemoryMapTable([6, 0, 0, 0] + body[..<count], around: 64) == nil)
    }
    let swapped = Self.bytes(of: Self.entries[3...]) + Self.bytes(of: Self.entries[..<3])
    #expect(MemoryMapTable([6, 0, 0, 0] + swapped, around: 4) == nil)
    #expect(MemoryMapTable([], around: 0) == nil)
  }
}
