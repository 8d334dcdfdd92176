import Bytes
import DumpRecords
import Testing

@Suite("Records of QEMU's and libvirt's files")
struct MigrationRecordTests {
  private static let mapped = MappedRAMHeader(
    version: 1, pageSize: 0x1000, bitmapOffset: 0x1234, pagesOffset: 0x10_0000)

  @Test("The header of a mapped block has 28 bytes, reads back, and is short wherever it is cut")
  func mappedRAM() throws {
    var writer = ByteWriter(order: MigrationSection.order)
    Self.mapped.write(to: &writer)
    #expect(
      writer.bytes == [
        0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 0, 0, 0, 0x10, 0,
        0,
      ])
    for length in 0..<MappedRAMHeader.size {
      var reader = ByteReader(Array(writer.bytes[..<length]), order: MigrationSection.order)
      #expect(throws: ShortRecord.self) { try MappedRAMHeader(from: &reader) }
    }
    var reader = ByteReader(writer.bytes, order: MigrationSection.order)
    #expect(try MappedRAMHeader(from: &reader) == Self.mapped)
  }

  @Test(
    "libvirt's head is read in the byte order of its host, and is short wherever it is cut",
    arguments: ByteOrder.allCases)
  func libvirt(_ order: ByteOrder) throws {
    let header = LibvirtSaveHeader(
      version: 2, dataLength: 0x1_0000, wasRunning: 1, format: 3, cookieOffset: 7)
    var writer = ByteWriter(order: order)
    header.write(to: &writer)
    #expect(writer.bytes.count == 92)
    #expect(Array(writer.bytes[..<16]) == Array("LibvirtQemudSave".utf8))
    #expect(writer.bytes[order == .little ? 16 : 19] == 2)
    #expect(writer.bytes[order == .little ? 22 : 21] == 1)
    #expect(writer.bytes[order == .little ? 28 : 31] == 3)
    for length in 16..<LibvirtSaveHeader.size {
      #expect(throws: ShortRecord.self) { try LibvirtSaveHeader(Array(writer.bytes[..<length])) }
    }
    #expect(try LibvirtSaveHeader(writer.bytes) == header)
    #expect(header.streamOffset == 92 + 0x1_0000)
    #expect(header.packer == "xz")
    #expect(try LibvirtSaveHeader(Array("LibvirtQemudPart".utf8)) == nil)
  }

  @Test("Every kind of section is the byte that QEMU writes")
  func sections() {
    #expect((0...8).map { MigrationSection(rawValue: $0)?.rawValue } == Array(0...8))
    #expect(MigrationSection(rawValue: 0x7e) == .footer)
    #expect(MigrationSection(rawValue: 9) == nil)
    #expect(RAMRecordFlags([.fill, .sameBlock]).rawValue == 0x22)
  }

  static let processor = QEMUProcessor(
    registers: (0..<18).map { 0x100 + $0 },
    segments: (0..<10).map {
      .init(selector: $0 + 1, limit: 5, flags: 6, base: 0x1000 + UInt64($0))
    },
    controlRegisters: [1, 2, 3, 4, 5], kernelGSBase: 0x77)

  @Test("A note of QEMU has 440 bytes, reads back, and is short wherever it is cut")
  func processorState() throws {
    var writer = ByteWriter(order: QEMUProcessor.order)
    Self.processor.write(to: &writer)
    let bytes = writer.bytes
    #expect(bytes.count == QEMUProcessor.size)
    #expect(Array(bytes[..<10]) == [1, 0, 0, 0, 0xb8, 1, 0, 0, 0, 1])
    #expect(bytes[152] == 1 && bytes[168] == 0 && bytes[169] == 0x10 && bytes[176] == 2)
    #expect(bytes[0x188] == 1 && bytes[0x1b0] == 0x77)
    for length in 0..<bytes.count {
      var reader = ByteReader(Array(bytes[..<length]), order: QEMUProcessor.order)
      #expect(throws: ShortRecord.self) { try QEMUProcessor(from: &reader) }
    }
    var reader = ByteReader(bytes, order: QEMUProcessor.order)
    #expect(try QEMUProcessor(from: &reader) == Self.processor)
    // Before 2.5 it ended with the control registers.
    var old = ByteReader([1, 0, 0, 0, 0xb0, 1, 0, 0] + bytes[8..<432], order: QEMUProcessor.order)
    #expect(try QEMUProcessor(from: &old).kernelGSBase == 0)
  }

  @Test("Its registers stand where NT_PRSTATUS has them, in either word size")
  func processStatus() throws {
    let wide = ByteReader(Self.processor.processStatus(number: 2, wordSize: 8), order: .little)
    #expect(wide.bytes.count == 336)
    #expect(try wide.peek(at: 32, UInt32.self) == 3)
    // r15, rbx, rax, rip, eflags, rsp, fs_base.
    #expect(
      try [0, 5, 10, 16, 18, 19, 21].map { try wide.peek(at: 112 + $0 * 8, UInt64.self) }
        == [0x10f, 0x101, 0x100, 0x110, 0x111, 0x106, 0x1003])
    let narrow = ByteReader(Self.processor.processStatus(number: 0, wordSize: 4), order: .little)
    #expect(narrow.bytes.count == 144)
    #expect(try narrow.peek(at: 24, UInt32.self) == 1)
    // ebx, eax, eip, esp.
    #expect(
      try [0, 6, 12, 15].map { try narrow.peek(at: 72 + $0 * 4, UInt32.self) }
        == [0x101, 0x100, 0x110, 0x106])
  }
}
