import Bytes
import DumpRecords
import Testing

@Suite("The first section header")
struct SectionHeaderTests {
  @Test("says in sh_info how many program headers there are")
  func info() throws {
    let name: [UInt8] = [1, 0, 0, 0]
    let type: [UInt8] = [0, 0, 0, 0]
    let words32 = [UInt8](repeating: 0xa5, count: 4 * 4)
    let words64 = [UInt8](repeating: 0xa5, count: 4 * 8)
    let link: [UInt8] = [2, 0, 0, 0]
    let info: [UInt8] = [0, 0, 1, 2]
    let record32 = name + type + words32 + link + info
    let record64 = name + type + words64 + link + info
    for (elfClass, record) in [(ELFClass.bits32, record32), (.bits64, record64)] {
      let field = SectionHeader.info(in: elfClass)
      #expect(try ByteReader(record, order: .big).peek(field) == 0x102)
      #expect(try ByteReader(record, order: .little).peek(field) == 0x201_0000)
      #expect(throws: ShortRecord.self) {
        try ByteReader(Array(record.dropLast()), order: .big).peek(field)
      }
    }
  }

  @Test("Any entry reads back, and is short wherever it is cut", arguments: ELFClass.allCases)
  func entry(_ elfClass: ELFClass) throws {
    let entry = SectionHeader(
      name: 1, type: 2, offset: 0x345, length: 0x678, info: 9, entrySize: 16)
    for order in ByteOrder.allCases {
      var writer = ByteWriter(order: order)
      entry.write(to: &writer, elfClass: elfClass)
      #expect(writer.bytes.count == SectionHeader.size(in: elfClass))
      let offset = elfClass == .bits32 ? 16 : 24
      #expect(writer.bytes[order == .little ? offset : offset + elfClass.wordSize - 1] == 0x45)
      #expect(
        try ByteReader(writer.bytes, order: order).peek(SectionHeader.info(in: elfClass)) == 9)
      for length in 0..<writer.bytes.count {
        var reader = ByteReader(Array(writer.bytes[..<length]), order: order)
        #expect(throws: ShortRecord.self) { try SectionHeader(from: &reader, elfClass: elfClass) }
      }
      var reader = ByteReader(writer.bytes, order: order)
      #expect(try SectionHeader(from: &reader, elfClass: elfClass) == entry)
    }
  }
}
