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
}
