import Bytes
import DumpRecords
import Testing

@Suite("Program headers and note heads")
struct ProgramHeaderTests {
  /// The fields in the order of the class, each a value of its own, in big-endian order.
  private static func fields(_ elfClass: ELFClass) -> [[UInt8]] {
    let type: [UInt8] = [0x64, 0x74, 0xe5, 0x51]
    let flags: [UInt8] = [0, 0, 0, 7]
    func word(_ byte: UInt8) -> [UInt8] {
      [UInt8](repeating: 0, count: elfClass.wordSize - 2) + [byte, byte]
    }
    let words = (1...5).map { word($0 * 0x11) }
    return elfClass == .bits64
      ? [type, flags] + words + [word(0x66)] : [type] + words + [flags, word(0x66)]
  }

  private static func bytes(_ elfClass: ELFClass, _ order: ByteOrder) -> [UInt8] {
    fields(elfClass).flatMap { order == .big ? $0 : $0.reversed() }
  }

  @Test(
    "Every field is read from its place, in both classes and orders, and written back",
    arguments: ELFClass.allCases, ByteOrder.allCases)
  func literal(_ elfClass: ELFClass, _ order: ByteOrder) throws {
    let bytes = Self.bytes(elfClass, order)
    #expect(bytes.count == elfClass.programHeaderSize)
    var reader = ByteReader(bytes, order: order)
    let segment = try ProgramHeader(from: &reader, elfClass: elfClass)
    #expect(reader.remaining == 0)
    #expect(
      segment
        == ProgramHeader(
          type: SegmentType(rawValue: 0x6474_e551), flags: 7, offset: 0x1111,
          virtualAddress: 0x2222, physicalAddress: 0x3333, fileSize: 0x4444, memorySize: 0x5555,
          alignment: 0x6666))
    var writer = ByteWriter(order: order)
    segment.write(to: &writer, elfClass: elfClass)
    #expect(writer.bytes == bytes)
  }

  @Test(
    "An entry that is cut off at any length is an error",
    arguments: ELFClass.allCases, ByteOrder.allCases)
  func cut(_ elfClass: ELFClass, _ order: ByteOrder) {
    let bytes = Self.bytes(elfClass, order)
    for count in 0..<bytes.count {
      var reader = ByteReader(Array(bytes.prefix(count)), order: order)
      #expect(throws: ShortRecord.self, "\(count) bytes") {
        try ProgramHeader(from: &reader, elfClass: elfClass)
      }
    }
  }

  @Test("A segment whose end needs more than 64 bits is no range")
  func ranges() {
    let segment = ProgramHeader(
      type: .load, offset: 0x5247_dbc0_0000, physicalAddress: 0x1000, fileSize: 0,
      memorySize: 0xffff_adb8_6661_0000)
    #expect(segment.sourceRange == nil)
    #expect(segment.physicalRange == 0x1000..<0xffff_adb8_6661_1000)
  }

  @Test(
    "A note head is three words in either order, and its size is padded to 4 bytes",
    arguments: ByteOrder.allCases)
  func noteHead(_ order: ByteOrder) throws {
    let big: [[UInt8]] = [[0, 0, 0, 11], [0, 0, 9, 0xa6], [0, 0, 2, 2]]
    let bytes = big.flatMap { order == .big ? $0 : $0.reversed() }
    var reader = ByteReader(bytes, order: order)
    let head = try NoteHeader(from: &reader)
    #expect(head == NoteHeader(nameSize: 11, descriptionSize: 2470, type: 0x202))
    #expect(head.descriptionOffset == 24)
    #expect(head.totalSize == 2496)
    var writer = ByteWriter(order: order)
    head.write(to: &writer)
    #expect(writer.bytes == bytes)
    for count in 0..<12 {
      var reader = ByteReader(Array(bytes.prefix(count)), order: order)
      #expect(throws: ShortRecord.self, "\(count) bytes") { try NoteHeader(from: &reader) }
    }
  }

  @Test("The largest sizes that a note can claim do not overflow")
  func hugeNote() {
    let head = NoteHeader(nameSize: .max, descriptionSize: .max, type: 0)
    #expect(head.totalSize == 12 + 2 * 0x1_0000_0000)
  }
}
