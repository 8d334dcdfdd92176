import Bytes
import DumpRecords
import Testing

@Suite("Records of VMware's files")
struct VMwareRecordTests {
  @Test("The head has three numbers, reads back, and is short wherever it is cut")
  func header() throws {
    let header = VMwareHeader(id: 0xbed2_bed2, version: 8, groupCount: 0x102)
    var writer = ByteWriter(order: VMwareHeader.order)
    header.write(to: &writer)
    #expect(writer.bytes == [0xd2, 0xbe, 0xd2, 0xbe, 8, 0, 0, 0, 2, 1, 0, 0])
    for length in 0..<VMwareHeader.size {
      var reader = ByteReader(Array(writer.bytes[..<length]), order: VMwareHeader.order)
      #expect(throws: ShortRecord.self) { try VMwareHeader(from: &reader) }
    }
    var reader = ByteReader(writer.bytes, order: VMwareHeader.order)
    #expect(try VMwareHeader(from: &reader) == header)
    #expect(header.blockWordSize == 8)
    #expect(VMwareHeader(id: 0xbed0_bed0, version: 1, groupCount: 1).blockWordSize == 4)
    var other = ByteReader([1, 2, 3, 4, 8, 0, 0, 0, 1, 0, 0, 0], order: VMwareHeader.order)
    #expect(try VMwareHeader(from: &other) == nil)
  }

  @Test("A group has its name in 64 bytes, reads back, and is short wherever it is cut")
  func group() throws {
    let group = VMwareGroup(name: "memory", position: 0x1234, length: 0x56)
    var writer = ByteWriter(order: VMwareHeader.order)
    group.write(to: &writer)
    #expect(writer.bytes.count == VMwareGroup.size)
    #expect(Array(writer.bytes[..<8]) == Array("memory\0\0".utf8))
    #expect(Array(writer.bytes[64..<74]) == [0x34, 0x12, 0, 0, 0, 0, 0, 0, 0x56, 0])
    for length in 0..<VMwareGroup.size {
      var reader = ByteReader(Array(writer.bytes[..<length]), order: VMwareHeader.order)
      #expect(throws: ShortRecord.self) { try VMwareGroup(from: &reader) }
    }
    var reader = ByteReader(writer.bytes, order: VMwareHeader.order)
    #expect(try VMwareGroup(from: &reader) == group)
  }

  @Test("The word before a value has three fields")
  func tag() {
    let tag = VMwareTag(nameSize: 6, indexCount: 2, valueSize: VMwareTag.block)
    #expect(tag.word == 0x06bf)
    #expect(VMwareTag(0x06bf) == tag)
    #expect(VMwareTag(0) == VMwareTag(nameSize: 0, indexCount: 0, valueSize: 0))
  }

  static let versions: [(version: UInt32, gap: Int)] = [
    (1, 13), (3, 14), (4, 14), (5, 14), (6, 15), (7, 8),
  ]

  private static func guest(_ version: UInt32) -> VMwareGuestHeader {
    VMwareGuestHeader(
      version: version, processorCount: 2, lastAddress: 0x13_ffff, pageCount: 0x120,
      holes: [VMwareGuestHole(firstPage: 0xa0, pageCount: 0x20)])
  }

  @Test("A .guest file tells its memory behind a gap of its version", arguments: versions)
  func guestBytes(_ version: UInt32, _ gap: Int) {
    var writer = ByteWriter(order: VMwareGuestHeader.order)
    Self.guest(version).write(to: &writer)
    let bytes = writer.bytes
    #expect(Array(bytes[..<8]) == [UInt8(version), 0, 0, 0, 2, 0, 0, 0])
    let memory = Array(bytes[(8 + gap)...])
    let width = version == 1 ? 4 : 8
    #expect(Array(memory[..<8]) == [0xff, 0xff, 0x13, 0, 0, 0, 0, 0])
    #expect(Array(memory[8..<10]) == [0x20, 1])
    #expect(memory[12 + width] == 1)
    #expect(memory[16 + width] == 0xa0 && memory[16 + 2 * width] == 0x20)
    #expect(memory.count == (version == 1 ? 36 : 56))
  }

  @Test("It reads back, and is short wherever it is cut", arguments: versions.map(\.version))
  func guestRoundTrip(_ version: UInt32) throws {
    var writer = ByteWriter(order: VMwareGuestHeader.order)
    Self.guest(version).write(to: &writer)
    for length in 0..<writer.bytes.count {
      var reader = ByteReader(Array(writer.bytes[..<length]), order: VMwareGuestHeader.order)
      #expect(throws: ShortRecord.self) { try VMwareGuestHeader(from: &reader) }
    }
    var reader = ByteReader(writer.bytes, order: VMwareGuestHeader.order)
    #expect(try VMwareGuestHeader(from: &reader) == Self.guest(version))
  }

  @Test("Pages and holes that do not add up are none")
  func guestSum() throws {
    var wrong = [Self.guest(4), Self.guest(4), Self.guest(4), Self.guest(2)]
    wrong[0].pageCount = 0x121
    wrong[1].holes[0].firstPage = .max
    wrong[2].processorCount = 0
    for header in wrong {
      var writer = ByteWriter(order: VMwareGuestHeader.order)
      header.write(to: &writer)
      writer.pad(to: VMwareGuestHeader.largestSize)
      var reader = ByteReader(writer.bytes, order: VMwareGuestHeader.order)
      #expect(try VMwareGuestHeader(from: &reader) == nil)
    }
  }
}
