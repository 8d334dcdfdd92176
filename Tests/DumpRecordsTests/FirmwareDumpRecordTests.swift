import Bytes
import DumpRecords
import Testing

@Suite("Records of dumps of firmware and of stand-alone dumpers")
struct FirmwareDumpRecordTests {
  @Test("The header of an s390 dump is one page, reads back, and is short wherever it is cut")
  func s390Header() throws {
    var header = S390DumpHeader(.segments, memorySize: 0x12_3000, clock: 0x0102_0304_0506_0708)
    (header.volume, header.isMultiVolume, header.zlibVersion) = (3, true, 1)
    header.zlibEntrySize = 0x10_0000
    var writer = ByteWriter(order: S390DumpHeader.order)
    header.write(to: &writer)
    let bytes = writer.bytes
    #expect(bytes.count == 4096)
    #expect(Array(bytes[..<8]) == [0xa8, 0x19, 1, 0x73, 0x61, 0x8f, 0x23, 0xfe])
    #expect(Array(bytes[0xc..<0x10]) == [0, 0, 0x10, 0])
    #expect(Array(bytes[0x18..<0x20]) == [0, 0, 0, 0, 0, 0x12, 0x30, 0])
    #expect(Array(bytes[0x38..<0x40]) == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(bytes[0x4f] == 3 && bytes[0x5c] == 1 && bytes[0x61] == 1)
    #expect(Array(bytes[0x62..<0x66]) == [0, 0x10, 0, 0])
    #expect(bytes[0x207] == 0xfe)
    for length in 0..<S390DumpHeader.size {
      #expect(throws: ShortRecord.self) { try S390DumpHeader(Array(bytes[..<length])) }
    }
    #expect(try S390DumpHeader(bytes) == header)
    #expect(try S390DumpHeader([UInt8](repeating: 1, count: 4096)) == nil)
  }

  @Test(
    "What a kernel leaves for a firmware-assisted dump reads back in both forms and byte orders",
    arguments: ByteOrder.allCases)
  func fadump(_ order: ByteOrder) {
    for (info, text) in [
      (FadumpCrashInfo.coreHeader(0x71_02a8), "FADMPINF"), (.information(0x53_0000), "FADMPSIG"),
    ] {
      var writer = ByteWriter(order: order)
      info.write(to: &writer)
      let bytes = writer.bytes
      #expect(bytes.count == FadumpCrashInfo.size)
      let letters = Array(bytes[..<8])
      #expect((order == .big ? letters : letters.reversed()) == Array(text.utf8))
      var reader = ByteReader(bytes, order: order)
      #expect(FadumpCrashInfo(from: &reader) == info)
      var other = ByteReader(bytes, order: order == .big ? .little : .big)
      #expect(FadumpCrashInfo(from: &other) == nil)
      for length in 0..<FadumpCrashInfo.size {
        var short = ByteReader(Array(bytes[..<length]), order: order)
        #expect(FadumpCrashInfo(from: &short) == nil)
      }
    }
  }

  @Test("A segment's page reads back, and is short wherever it is cut")
  func s390Segment() throws {
    let segment = S390DumpSegment(
      start: 0x10_0000, length: 0x20_0000, stop: .max, blocksOnDisk: 7,
      entries: [0, 3 | S390DumpSegment.plainBit])
    var writer = ByteWriter(order: S390DumpHeader.order)
    segment.write(to: &writer)
    let bytes = writer.bytes
    #expect(bytes.count == S390DumpSegment.size)
    #expect(bytes[5] == 0x10 && bytes[13] == 0x20 && bytes[16] == 0xff && bytes[27] == 7)
    #expect(Array(bytes[0x30..<0x3c]) == [0, 0, 0, 2, 0, 0, 0, 0, 0x80, 0, 0, 3])
    for length in 0..<S390DumpSegment.size {
      var reader = ByteReader(Array(bytes[..<length]), order: S390DumpHeader.order)
      #expect(throws: ShortRecord.self) { try S390DumpSegment(from: &reader) }
    }
    var reader = ByteReader(bytes, order: S390DumpHeader.order)
    #expect(try S390DumpSegment(from: &reader) == segment)
    var many = bytes
    many[0x32] = 4
    var other = ByteReader(many, order: S390DumpHeader.order)
    #expect(try S390DumpSegment(from: &other) == nil)
  }

  @Test("The fields of an LKCD header read back in both byte orders", arguments: ByteOrder.allCases)
  func lkcd(_ order: ByteOrder) throws {
    let header = LKCDHeader(version: 0x4000_0009, pageSize: 4096, memorySize: 0x40_0000)
    var writer = ByteWriter(order: order)
    header.write(to: &writer)
    let bytes = writer.bytes
    #expect(bytes.count == LKCDHeader.size)
    #expect(bytes[order == .little ? 0 : 7] == 0xed && bytes[order == .little ? 7 : 0] == 0xa8)
    #expect(bytes[order == .little ? 8 : 11] == 9)
    #expect(LKCDHeader.order(of: bytes) == order)
    #expect(header.number == 9)
    for length in 0..<LKCDHeader.size {
      var reader = ByteReader(Array(bytes[..<length]), order: order)
      #expect(throws: ShortRecord.self) { try LKCDHeader(from: &reader) }
    }
    var reader = ByteReader(bytes, order: order)
    #expect(try LKCDHeader(from: &reader) == header)
    var other = ByteReader(bytes, order: order == .little ? .big : .little)
    #expect(try LKCDHeader(from: &other) == nil)
  }

  @Test("The head of an LKCD page has 16 bytes, reads back, and is short wherever it is cut")
  func lkcdPage() throws {
    let page = LKCDPage(address: 0x12_3000, size: 0x56, flags: LKCDPage.packed)
    var writer = ByteWriter(order: .little)
    page.write(to: &writer)
    #expect(writer.bytes == [0, 0x30, 0x12, 0, 0, 0, 0, 0, 0x56, 0, 0, 0, 2, 0, 0, 0])
    for length in 0..<LKCDPage.size {
      var reader = ByteReader(Array(writer.bytes[..<length]), order: .little)
      #expect(throws: ShortRecord.self) { try LKCDPage(from: &reader) }
    }
    var reader = ByteReader(writer.bytes, order: .little)
    #expect(try LKCDPage(from: &reader) == page)
  }

  private static let partition = SadumpPartition(
    systemID: [UInt8](repeating: 1, count: 16), setID: [UInt8](repeating: 2, count: 16),
    volumeID: [UInt8](repeating: 3, count: 16), diskNumber: 4, usedSize: 0x5000, checkWord: 6)

  @Test("The head of a sadump partition reads back, and is short wherever it is cut")
  func sadumpPartition() throws {
    var writer = ByteWriter(order: SadumpPartition.order)
    Self.partition.write(to: &writer)
    let bytes = writer.bytes
    #expect(bytes.count == SadumpPartition.size)
    #expect(Array(bytes[..<8]) == Array("sadump\0\0".utf8))
    #expect(bytes[0x58] == 1 && bytes[0x68] == 2 && bytes[0x78] == 3 && bytes[0x98] == 4)
    #expect(bytes[0xa1] == 0x50)
    // (6 + 7) × 11
    #expect(bytes[0xa8] == 6 && bytes[0xac] == 143)
    for length in 0..<SadumpPartition.size {
      var reader = ByteReader(Array(bytes[..<length]), order: SadumpPartition.order)
      #expect(throws: ShortRecord.self) { try SadumpPartition(from: &reader) }
    }
    var reader = ByteReader(bytes, order: SadumpPartition.order)
    #expect(try SadumpPartition(from: &reader) == Self.partition)
    var wrong = bytes
    wrong[0xfff] ^= 1
    var other = ByteReader(wrong, order: SadumpPartition.order)
    #expect(try SadumpPartition(from: &other) == nil)
  }

  @Test("The dump header of sadump reads back, and is short wherever it is cut", arguments: [0, 1])
  func sadumpHeader(_ version: UInt32) throws {
    let header = SadumpHeader(
      version: version, blockSize: 0x1000, extraBlocks: 1, subHeaderBlocks: 2, bitmapBlocks: 3,
      dumpedBitmapBlocks: 4, frames: 0x567)
    var writer = ByteWriter(order: SadumpPartition.order)
    header.write(to: &writer)
    let bytes = writer.bytes
    #expect(bytes.count == SadumpHeader.size)
    #expect(bytes[8] == UInt8(version) && bytes[0x29] == 0x10)
    #expect([0x2c, 0x30, 0x34, 0x38].map { bytes[$0] } == [1, 2, 3, 4])
    #expect(bytes[0x3c] == 0x67 && bytes[0x58] == (version == 1 ? 0x67 : 0))
    for length in 0..<SadumpHeader.size {
      var reader = ByteReader(Array(bytes[..<length]), order: SadumpPartition.order)
      #expect(throws: ShortRecord.self) { try SadumpHeader(from: &reader) }
    }
    var reader = ByteReader(bytes, order: SadumpPartition.order)
    #expect(try SadumpHeader(from: &reader) == header)
  }
}
