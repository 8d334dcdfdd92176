import Bytes
import DumpRecords
import Testing

@Suite("Records of a flattened file")
struct FlattenedRecordTests {
  @Test("The header is one page: signature, type 1 and version 1 in big-endian, zeros")
  func header() throws {
    var writer = ByteWriter(order: FlattenedHeader.order)
    FlattenedHeader.current.write(to: &writer)
    let fields: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    #expect(Array(writer.bytes[..<32]) == Array("makedumpfile\0\0\0\0".utf8) + fields)
    #expect(writer.bytes.count == 4096)
    #expect(writer.bytes[32...].allSatisfy { $0 == 0 })
    var reader = ByteReader(writer.bytes, order: FlattenedHeader.order)
    #expect(try FlattenedHeader(from: &reader) == .current)
    #expect(reader.remaining == 0)
  }

  @Test("The header is short wherever it is cut")
  func cutHeader() throws {
    var writer = ByteWriter(order: FlattenedHeader.order)
    FlattenedHeader.current.write(to: &writer)
    for length in 0..<writer.bytes.count {
      var reader = ByteReader(Array(writer.bytes[..<length]), order: FlattenedHeader.order)
      #expect(throws: ShortRecord.self) { try FlattenedHeader(from: &reader) }
    }
  }

  @Test("Another signature is no flattened file")
  func otherSignature() throws {
    var reader = ByteReader(Array("makedumpfile 1.7".utf8), order: FlattenedHeader.order)
    #expect(try FlattenedHeader(from: &reader) == nil)
  }

  @Test("A record's head is two big-endian numbers; the last one is −1, −1")
  func record() throws {
    var writer = ByteWriter(order: FlattenedHeader.order)
    FlattenedRecord(offset: 0x1000, count: 0x20).write(to: &writer)
    FlattenedRecord.end.write(to: &writer)
    #expect(
      writer.bytes == [0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0x20]
        + [UInt8](repeating: 0xff, count: 16))
    var reader = ByteReader(writer.bytes, order: FlattenedHeader.order)
    #expect(try FlattenedRecord(from: &reader) == FlattenedRecord(offset: 0x1000, count: 0x20))
    #expect(try FlattenedRecord(from: &reader) == .end)
    for length in 0..<FlattenedRecord.size {
      var reader = ByteReader(Array(writer.bytes[..<length]), order: FlattenedHeader.order)
      #expect(throws: ShortRecord.self) { try FlattenedRecord(from: &reader) }
    }
  }

  @Test("A record belongs to a range of a file, or to none")
  func range() {
    func range(_ offset: Int64, _ count: Int64) -> Range<UInt64>? {
      FlattenedRecord(offset: offset, count: count).range
    }
    #expect(range(0x1000, 0x20) == 0x1000..<0x1020)
    #expect(range(5, 0) == 5..<5)
    #expect(range(.max - 1, 1) == UInt64(Int64.max) - 1..<UInt64(Int64.max))
    for (offset, count) in [(-1, 0), (0, -1), (-1, -1), (.max, 1), (.max, .max)] as [(Int64, Int64)]
    {
      #expect(range(offset, count) == nil)
    }
  }
}
