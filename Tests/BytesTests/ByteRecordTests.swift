import Bytes
import Testing

@Suite("Integers of a record")
struct ByteRecordTests {
  private static let bytes: [UInt8] = [
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
  ]

  @Test(
    "Each width is read in the record's own byte order",
    arguments: [
      (ByteOrder.little, UInt16(0x0201), UInt32(0x0605_0403), UInt64(0x0e0d_0c0b_0a09_0807)),
      (ByteOrder.big, UInt16(0x0102), UInt32(0x0304_0506), UInt64(0x0708_090a_0b0c_0d0e)),
    ])
  func widths(_ order: ByteOrder, _ half: UInt16, _ word: UInt32, _ long: UInt64) throws {
    var reader = ByteReader(Self.bytes, order: order)
    #expect(try reader.read(UInt16.self) == half)
    #expect(try reader.read(UInt32.self) == word)
    #expect(try reader.read(UInt64.self) == long)
    #expect(try reader.read(UInt8.self) == 0x0f)
    #expect(reader.remaining == 0)
    var writer = ByteWriter(order: order)
    writer.write(half)
    writer.write(word)
    writer.write(long)
    writer.write(UInt8(0x0f))
    #expect(writer.bytes == Self.bytes)
  }

  @Test("A word has the machine's size and is widened", arguments: ByteOrder.allCases)
  func words(_ order: ByteOrder) throws {
    var writer = ByteWriter(order: order)
    writer.writeWord(0x1_8000_0001, size: 4)
    writer.writeWord(0x1_8000_0001, size: 8)
    #expect(writer.bytes.count == 12)
    var reader = ByteReader(writer.bytes, order: order)
    #expect(try reader.readWord(size: 4) == 0x8000_0001)
    #expect(try reader.readWord(size: 8) == 0x1_8000_0001)
  }

  @Test("A field that the record cuts off is named with its place, and nothing is moved over")
  func cut() throws {
    for count in 0..<8 {
      var reader = ByteReader(Array(Self.bytes.prefix(count)), order: .little)
      #expect(throws: ShortRecord(offset: 0, wanted: 8, size: count)) {
        try reader.read(UInt64.self)
      }
      #expect(reader.position == 0)
    }
    var reader = ByteReader(Self.bytes, order: .big, at: 14)
    #expect(throws: ShortRecord(offset: 14, wanted: 2, size: 15)) { try reader.read(UInt16.self) }
    #expect(throws: ShortRecord(offset: 14, wanted: 2, size: 15)) { try reader.take(2) }
    #expect(throws: ShortRecord.self) { try reader.skip(-1) }
    #expect(throws: ShortRecord.self) { try reader.peek(at: -1, UInt8.self) }
    #expect(throws: ShortRecord.self) { try reader.peek(at: .max, UInt64.self) }
    #expect(try Array(reader.take(1)) == [0x0f])
  }

  @Test("Padding fills up with zeros and never cuts")
  func padding() {
    var writer = ByteWriter(order: .little)
    writer.write(contentsOf: [1, 2, 3])
    writer.pad(to: 2)
    #expect(writer.bytes == [1, 2, 3])
    writer.pad(to: 5)
    #expect(writer.bytes == [1, 2, 3, 0, 0])
  }
}
