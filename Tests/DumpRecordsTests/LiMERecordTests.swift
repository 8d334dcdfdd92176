import Bytes
import DumpRecords
import Testing

@Suite("Records of LiME and AVML files")
struct LiMERecordTests {
  private static let plain: [UInt8] =
    Array("EMiL".utf8) + [1, 0, 0, 0] + [0, 0x10, 0, 0, 0, 0, 0, 0]
    + [0xff, 0xfb, 0x09, 0, 1, 0, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 0]

  @Test("LiME's header has the byte order of the machine")
  func bigEndian() throws {
    let header = LiMEHeader(.plain, 0x1000...0x1_0009_fbff)
    var writer = ByteWriter(order: .big)
    header.write(to: &writer)
    #expect(
      writer.bytes
        == Array("LiME".utf8) + [0, 0, 0, 1] + [0, 0, 0, 0, 0, 0, 0x10, 0]
        + [0, 0, 0, 1, 0, 0x09, 0xfb, 0xff] + [UInt8](repeating: 0, count: 8))
    var reader = ByteReader(writer.bytes, order: .big)
    #expect(try LiMEHeader(from: &reader) == header)
    var other = ByteReader(writer.bytes, order: .little)
    #expect(try LiMEHeader(from: &other) == nil)
  }

  @Test("A header is 32 bytes with the first and the last address")
  func header() throws {
    for (kind, bytes) in [
      (.plain, Self.plain), (.packed, Array("AVML".utf8) + [2, 0, 0, 0] + Self.plain[8...]),
    ] as [(LiMEHeader.Kind, [UInt8])] {
      let header = LiMEHeader(kind, 0x1000...0x1_0009_fbff)
      var writer = ByteWriter(order: LiMEHeader.order)
      header.write(to: &writer)
      #expect(writer.bytes == bytes)
      var reader = ByteReader(bytes, order: LiMEHeader.order)
      #expect(try LiMEHeader(from: &reader) == header)
      #expect(reader.remaining == 0)
      #expect(header.range == 0x1000..<0x1_0009_fc00)
    }
  }

  @Test("A header is short wherever it is cut")
  func cutHeader() {
    for length in 0..<LiMEHeader.size {
      var reader = ByteReader(Array(Self.plain[..<length]), order: LiMEHeader.order)
      #expect(throws: ShortRecord.self) { try LiMEHeader(from: &reader) }
    }
  }

  @Test(
    "Another magic or version is no header",
    arguments: [(0, 0x4c), (4, 2), (4, 0), (7, 1)] as [(Int, UInt8)])
  func others(_ place: Int, _ value: UInt8) throws {
    var bytes = Self.plain
    bytes[place] = value
    var reader = ByteReader(bytes, order: LiMEHeader.order)
    #expect(try LiMEHeader(from: &reader) == nil)
  }

  @Test("Addresses that are no range are none")
  func ranges() throws {
    for (start, last) in [(2, 1), (0, .max), (.max, .max)] as [(UInt64, UInt64)] {
      var header = LiMEHeader(.plain, 0...0)
      (header.start, header.last) = (start, last)
      #expect(header.range == nil)
    }
    #expect(LiMEHeader(.plain, 5...5).range == 5..<6)
  }

  @Test("A chunk's head is its type and 24 bits of length")
  func chunk() throws {
    var writer = ByteWriter(order: SnappyChunk.order)
    SnappyChunk(type: SnappyChunk.identifier, length: 6).write(to: &writer)
    SnappyChunk(type: SnappyChunk.plain, length: 0x01_0203).write(to: &writer)
    #expect(writer.bytes == [0xff, 6, 0, 0, 1, 3, 2, 1])
    var reader = ByteReader(writer.bytes, order: SnappyChunk.order)
    #expect(try SnappyChunk(from: &reader) == SnappyChunk(type: 0xff, length: 6))
    #expect(try SnappyChunk(from: &reader) == SnappyChunk(type: 1, length: 0x01_0203))
    for length in 0..<SnappyChunk.size {
      var reader = ByteReader(Array(writer.bytes[..<length]), order: SnappyChunk.order)
      #expect(throws: ShortRecord.self) { try SnappyChunk(from: &reader) }
    }
  }
}
