import Bytes
import DumpRecords
import Testing

@Suite("The ELF header and its table")
struct ELFHeaderTests {
  /// e_ident, then every field of the header with a value of its own.
  static func bytes(_ elfClass: ELFClass, _ order: ByteOrder) -> [UInt8] {
    let identification: [UInt8] = [
      0x7f, 0x45, 0x4c, 0x46, elfClass.rawValue, order == .little ? 1 : 2, 1, 3,
      0, 0, 0, 0, 0, 0, 0, 0,
    ]
    let fields: [[UInt8]] =
      elfClass == .bits64
      ? [
        [0, 4], [0, 62], [0, 0, 0, 1], [1, 2, 3, 4, 5, 6, 7, 8], [0, 0, 0, 0, 0, 0, 0, 64],
        [0, 0, 0, 0, 0, 0, 0, 9], [0xa, 0xb, 0xc, 0xd], [0, 64], [0, 56], [0, 3],
        [0, 11], [0, 12], [0, 13],
      ]
      : [
        [0, 4], [0, 3], [0, 0, 0, 1], [5, 6, 7, 8], [0, 0, 0, 52], [0, 0, 0, 9],
        [0xa, 0xb, 0xc, 0xd], [0, 52], [0, 32], [0, 3], [0, 11], [0, 12], [0, 13],
      ]
    return identification + fields.flatMap { order == .big ? $0 : $0.reversed() }
  }

  @Test(
    "Every field is read from its place, in both classes and orders, and written back",
    arguments: ELFClass.allCases, ByteOrder.allCases)
  func literal(_ elfClass: ELFClass, _ order: ByteOrder) throws {
    let bytes = Self.bytes(elfClass, order)
    let header = try #require(try ELFHeader(bytes))
    #expect(header.elfClass == elfClass)
    #expect(header.order == order)
    #expect(header.identification[7] == 3)
    #expect(header.type == 4)
    #expect(header.machine == (elfClass == .bits64 ? .x86_64 : .i386))
    #expect(header.version == 1)
    #expect(header.entry == (elfClass == .bits64 ? 0x0102_0304_0506_0708 : 0x0506_0708))
    #expect(header.programHeaderOffset == UInt64(elfClass.headerSize))
    #expect(header.sectionHeaderOffset == 9)
    #expect(header.flags == 0x0a0b_0c0d)
    #expect(Int(header.headerSize) == elfClass.headerSize)
    #expect(Int(header.programHeaderEntrySize) == elfClass.programHeaderSize)
    #expect(header.programHeaderCount == 3)
    #expect(header.sectionHeaderEntrySize == 11)
    #expect(header.sectionHeaderCount == 12)
    #expect(header.sectionNameIndex == 13)
    #expect(header.refusal == nil)
    #expect(header.sizeWithTable == elfClass.headerSize + 3 * elfClass.programHeaderSize)
    var writer = ByteWriter(order: order)
    header.write(to: &writer, elfClass: elfClass)
    #expect(writer.bytes == bytes)
  }

  @Test(
    "A header that is cut off at any length is never taken for whole",
    arguments: ELFClass.allCases, ByteOrder.allCases)
  func cut(_ elfClass: ELFClass, _ order: ByteOrder) throws {
    let bytes = Self.bytes(elfClass, order)
    for count in 0..<4 { #expect(try ELFHeader(Array(bytes.prefix(count))) == nil) }
    for count in 4..<bytes.count {
      #expect(throws: ShortRecord.self, "\(count) bytes") {
        try ELFHeader(Array(bytes.prefix(count)))
      }
    }
  }

  @Test("Another magic, class or byte order is no header")
  func notMine() throws {
    for (index, byte) in [(0, 0x7e), (3, 0), (4, 0), (4, 3), (5, 0), (5, 3)] as [(Int, UInt8)] {
      var bytes = Self.bytes(.bits64, .little)
      bytes[index] = byte
      #expect(try ELFHeader(bytes) == nil, "byte \(index)")
    }
  }

  @Test(
    "What the second kernel refuses is refused, with what was found and what it expects",
    arguments: [
      (6, 2, "e_ident[EI_VERSION] is 2, expected 1"), (16, 2, "e_type is 2, expected 4 (ET_CORE)"),
      (20, 0, "e_version is 0, expected 1"), (52, 52, "e_ehsize is 52, expected 64"),
      (54, 32, "e_phentsize is 32, expected 56"),
      (56, 0, "e_phnum is 0, expected at least one program header"),
    ] as [(Int, UInt8, String)])
  func refusal(_ index: Int, _ byte: UInt8, _ reason: String) throws {
    var bytes = Self.bytes(.bits64, .little)
    bytes[index] = byte
    #expect(try ELFHeader(bytes)?.refusal == reason)
  }

  @Test("What the second kernel never looks at is not refused")
  func ignored() throws {
    for index in [7, 8, 15, 24, 32, 40, 48, 58, 60, 62] {
      var bytes = Self.bytes(.bits64, .little)
      bytes[index] ^= 0x55
      #expect(try ELFHeader(bytes)?.refusal == nil, "byte \(index)")
    }
  }

  @Test("A core header writes its own count, and lists its segments with their places")
  func coreHeader() throws {
    let header = try #require(try ELFHeader(Self.bytes(.bits64, .big)))
    let note = ProgramHeader(type: .note, offset: 0x1000, fileSize: 8, memorySize: 8)
    let load = ProgramHeader(type: .load, offset: 0x2000, fileSize: 0, memorySize: 0x1000)
    let core = try #require(CoreHeader(header: header, segments: [note, load, note, load, load]))
    #expect(core.size == 64 + 5 * 56)
    #expect(core.encoded.count == core.size)
    #expect(Array(core.encoded[56..<58]) == [0, 5])
    #expect(core.segments(of: .load).map(\.index) == [1, 3, 4])
    #expect(core.segments(of: .note).map(\.segment) == [note, note])
  }
}
