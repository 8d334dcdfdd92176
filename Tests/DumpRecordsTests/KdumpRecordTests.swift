import Bytes
import DumpRecords
import Testing

@Suite("Records of a kdump-compressed file")
struct KdumpRecordTests {
  /// Where makedumpfile's compiler puts each field (spec: offsets of the compiled structures).
  static let offsets: [(layout: KdumpLayout, fields: [Int], size: Int)] = [
    (.bits64, [0, 8, 12, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96], 104),
    (.bits32Packed, [0, 4, 8, 12, 16, 20, 28, 32, 40, 44, 52, 56, 64, 72], 80),
    (.bits32Aligned, [0, 4, 8, 12, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88], 96),
  ]

  static let subHeader: KdumpSubHeader = {
    var header = KdumpSubHeader()
    (header.physicalBase, header.dumpLevel, header.split) = (1, 2, 3)
    (header.startFrame32, header.endFrame32) = (4, 5)
    (header.infoOffset, header.infoSize) = (6, 7)
    (header.noteOffset, header.noteSize) = (8, 9)
    (header.eraseInfoOffset, header.eraseInfoSize) = (10, 11)
    (header.startFrame, header.endFrame, header.maximumFrame) = (12, 13, 14)
    return header
  }()

  @Test(
    "Every field of the sub header stands where the machine's compiler puts it", arguments: 0..<3)
  func subHeaderOffsets(_ index: Int) {
    let (layout, fields, size) = Self.offsets[index]
    var writer = ByteWriter(order: .little)
    Self.subHeader.write(to: &writer, layout: layout)
    var expected = [UInt8](repeating: 0, count: size)
    for (number, offset) in fields.enumerated() { expected[offset] = UInt8(number + 1) }
    #expect(writer.bytes == expected)
    #expect(KdumpSubHeader.size(in: layout) == size)
  }

  @Test("The sub header reads back, and is short wherever it is cut", arguments: 0..<3)
  func subHeaderRoundTrip(_ index: Int) throws {
    let layout = Self.offsets[index].layout
    for order in ByteOrder.allCases {
      var writer = ByteWriter(order: order)
      Self.subHeader.write(to: &writer, layout: layout)
      for length in 0..<writer.bytes.count {
        var reader = ByteReader(Array(writer.bytes[..<length]), order: order)
        #expect(throws: ShortRecord.self) {
          try KdumpSubHeader(from: &reader, layout: layout, version: 6)
        }
      }
      var reader = ByteReader(writer.bytes, order: order)
      #expect(try KdumpSubHeader(from: &reader, layout: layout, version: 6) == Self.subHeader)
      #expect(reader.remaining == 0)
    }
  }

  @Test("Of an older version only the fields that it had are read")
  func olderVersions() throws {
    var writer = ByteWriter(order: .little)
    Self.subHeader.write(to: &writer, layout: .bits64)
    for (version, end) in [(1, 12), (2, 32), (3, 48), (4, 64), (5, 80), (6, 104)] {
      var reader = ByteReader(Array(writer.bytes[..<end]), order: .little)
      let header = try KdumpSubHeader(from: &reader, layout: .bits64, version: UInt32(version))
      #expect(header.split == (version >= 2 ? 3 : 0))
      #expect(header.infoSize == (version >= 3 ? 7 : 0))
      #expect(header.noteSize == (version >= 4 ? 9 : 0))
      #expect(header.eraseInfoSize == (version >= 5 ? 11 : 0))
      #expect(header.maximumFrame == (version >= 6 ? 14 : 0))
    }
  }

  @Test("A negative base of 32 bits stays negative")
  func negativeBase() throws {
    var header = KdumpSubHeader()
    header.physicalBase = UInt64(bitPattern: -0x100000)
    for layout in KdumpLayout.all {
      var writer = ByteWriter(order: .big)
      header.write(to: &writer, layout: layout)
      var reader = ByteReader(writer.bytes, order: .big)
      #expect(try KdumpSubHeader(from: &reader, layout: layout, version: 6) == header)
    }
  }

  static let header: KdumpHeader = {
    var header = KdumpHeader(blockSize: 0x1000)
    header.systemName.system = "Linux"
    header.systemName.machine = "x86_64"
    header.systemName.domain = String(repeating: "d", count: 64)
    (header.seconds, header.microseconds, header.status) = (0x0102_0304, 5, [.zlib, .incomplete])
    (header.subHeaderBlocks, header.bitmapBlocks, header.maximumFrame) = (2, 4, 0x4000)
    (header.totalMemoryBlocks, header.deviceBlocks, header.writtenBlocks) = (6, 7, 8)
    (header.currentProcessor, header.processorCount) = (1, 9)
    return header
  }()

  @Test("The first block has its fields where a 64-bit compiler puts them")
  func headerBytes() {
    var writer = ByteWriter(order: .big)
    Self.header.write(to: &writer, layout: .bits64)
    let bytes = writer.bytes
    #expect(bytes.count == 464)
    #expect(Array(bytes[..<12]) == Array("KDUMP   ".utf8) + [0, 0, 0, 6])
    #expect(Array(bytes[12..<18]) == Array("Linux\0".utf8))
    #expect(Array(bytes[272..<279]) == Array("x86_64\0".utf8))
    #expect(bytes[401] == 0)
    #expect(Array(bytes[0x198..<0x1a8]) == [0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 5])
    #expect(Array(bytes[0x1a8..<0x1b0]) == [0, 0, 0, 9, 0, 0, 0x10, 0])
    #expect(bytes[0x1b3] == 2 && bytes[0x1b7] == 4 && bytes[0x1ba] == 0x40)
    #expect(bytes[0x1bf] == 6 && bytes[0x1c3] == 7 && bytes[0x1c7] == 8)
    #expect(bytes[0x1cb] == 1 && bytes[0x1cf] == 9)
  }

  @Test("On a 32-bit machine the time stands at 404, all after it at 412")
  func headerBytes32() {
    var writer = ByteWriter(order: .little)
    Self.header.write(to: &writer, layout: .bits32Packed)
    #expect(writer.bytes.count == 452)
    #expect(Array(writer.bytes[404..<420]) == [4, 3, 2, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0, 0x10, 0, 0])
  }

  @Test("The first block reads back, and is short wherever it is cut", arguments: KdumpLayout.all)
  func headerRoundTrip(_ layout: KdumpLayout) throws {
    for order in ByteOrder.allCases {
      var writer = ByteWriter(order: order)
      Self.header.write(to: &writer, layout: layout)
      #expect(writer.bytes.count == KdumpHeader.size(in: layout))
      for length in 0..<writer.bytes.count {
        var reader = ByteReader(Array(writer.bytes[..<length]), order: order)
        #expect(throws: ShortRecord.self) { try KdumpHeader(from: &reader, layout: layout) }
      }
      var reader = ByteReader(writer.bytes, order: order)
      #expect(try KdumpHeader(from: &reader, layout: layout) == Self.header)
    }
  }

  @Test("Another signature is no kdump file")
  func otherSignature() throws {
    var reader = ByteReader(Array("DISKDUMP".utf8) + [6, 0, 0, 0], order: .little)
    #expect(try KdumpHeader(from: &reader, layout: .bits64) == nil)
  }

  @Test("A name of 65 bytes or more is cut to 64, so that it ends with a NUL")
  func longName() throws {
    var name = UTSName()
    name.node = String(repeating: "n", count: 80)
    name.release = "6.1"
    var writer = ByteWriter(order: .little)
    name.write(to: &writer)
    #expect(writer.bytes.count == 390)
    var reader = ByteReader(writer.bytes, order: .little)
    let read = try UTSName(from: &reader)
    #expect(read.node == String(repeating: "n", count: 64))
    #expect(read.release == "6.1")
  }

  @Test("A page descriptor is 24 bytes, reads back, and is short wherever it is cut")
  func descriptor() throws {
    let page = PageDescriptor(offset: 0x0102_0304_0506_0708, size: 0x123, flags: .zlib)
    var writer = ByteWriter(order: .big)
    page.write(to: &writer)
    #expect(
      writer.bytes == [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 1, 0x23, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    for length in 0..<PageDescriptor.size {
      var reader = ByteReader(Array(writer.bytes[..<length]), order: .big)
      #expect(throws: ShortRecord.self) { try PageDescriptor(from: &reader) }
    }
    var reader = ByteReader(writer.bytes, order: .big)
    #expect(try PageDescriptor(from: &reader) == page)
  }
}
