import Bytes
import DumpRecords
import Testing

@Suite("Records of s390x")
struct S390RecordTests {
  @Test(
    "CKSM adds big-endian words with end-around carry, the rest padded on the right",
    arguments: [
      ("", 0), ("00000001", 1), ("ffffffff00000001", 1), ("6162636465", 0xc662_6364),
      ("01020304050607", 0x0608_0a04), ("ffffffffffffffff", 0xffff_ffff),
    ] as [(String, UInt32)])
  func vectors(_ data: String, _ sum: UInt32) {
    #expect(checksum(bytes(data)) == sum)
  }

  @Test("The header of a dump is what was written, with its lowcores, and cut at every length none")
  func dumpHeader() throws {
    var header = S390DumpHeader(
      .plain, memorySize: 0x1_2345_6000,
      clock: S390DumpHeader.clock(atMicroseconds: 1_700_000_000_000_000))
    header.lowcores = [0x8000, 0x7fff_e000]
    header.onlineProcessors = 3
    var writer = ByteWriter(order: S390DumpHeader.order)
    header.write(to: &writer)
    let page = writer.bytes
    #expect(page.count == S390DumpHeader.size)
    #expect(page[0x38..<0x40].elementsEqual(bytes("de33460dae000000")))
    #expect(page[0x5d..<0x61].elementsEqual(bytes("00020003")))
    #expect(page[0x800..<0x80c].elementsEqual(bytes("000080007fffe00000000000")))
    #expect(try S390DumpHeader(page) == header)
    #expect(header.end == Array("DUMP_END".utf8) + page[0x38..<0x40])
    for count in 0..<page.count {
      #expect(throws: ShortRecord.self) { try S390DumpHeader(Array(page.prefix(count))) }
    }
  }

  @Test("The CCW block of the specification has its checksum and its fields")
  func ccw() throws {
    let block = Self.ccwBlock(device: 0x1234)
    #expect(checksum(block) == 0x8300_943c)
    let read = try IPLParameterBlock(block + [1, 2, 3])
    #expect(read.bytes == block)
    #expect(read.typeName == "ccw")
    #expect(
      read.attributes.map(\.name) == ["reipl_type", "ccw/device", "ccw/loadparm", "ccw/parm"])
    #expect(read.attributes.map(\.value) == ["ccw", "0.0.1234", "", ""])
  }

  @Test("The FCP block of the specification has its checksum and its fields")
  func fcp() throws {
    let block = Self.fcpBlock()
    #expect(checksum(block) == 0x2396_ac53)
    let fields = Dictionary(
      uniqueKeysWithValues: try IPLParameterBlock(block).fields.map { ($0.name, $0.value) })
    #expect(fields["type"] == "fcp")
    #expect(fields["device"] == "0.0.1941")
    #expect(fields["wwpn"] == "0x500507630300c562")
    #expect(fields["lun"] == "0x401040cc00000000")
    #expect(fields["opt"] == "0x10")
    #expect(fields["scp_data_len"] == "0")
  }

  @Test("A named system, NVMe and ECKD blocks are read in the terms of /sys/firmware/reipl")
  func others() throws {
    var nss = Self.ccwBlock(device: 0)
    nss[112] = 0xc0
    nss.replaceSubrange(116..<120, with: [0, 0, 0, 3])
    nss.replaceSubrange(120..<128, with: [0xd5, 0xe2, 0xe2, 0xf0, 0xf1, 0x40, 0x40, 0x40])
    nss.replaceSubrange(128..<131, with: [0x81, 0x7e, 0xf1])
    #expect(try attributes(nss)["nss/name"] == "NSS01")
    #expect(try attributes(nss)["nss/parm"] == "a=1")

    var nvme = Self.fcpBlock()
    nvme[12] = 4
    nvme[328] = 0x20
    nvme.replaceSubrange(332..<336, with: [0, 0, 0x0b, 0xad])
    nvme.replaceSubrange(348..<352, with: [0, 0, 0, 1])
    #expect(try IPLParameterBlock(nvme).typeName == "nvme_dump")
    #expect(try attributes(nvme)["reipl_type"] == "nvme")
    #expect(try attributes(nvme)["nvme/fid"] == "0x00000bad")
    #expect(try attributes(nvme)["nvme/nsid"] == "0x00000001")

    var eckd = Self.fcpBlock()
    eckd[12] = 3
    eckd[333] = 2
    #expect(try attributes(eckd)["eckd/device"] == "0.2.1941")
    #expect(try attributes(eckd)["eckd/br_chr"] == "auto")
    eckd.replaceSubrange(372..<376, with: [0, 0x1f, 2, 3])
    #expect(try attributes(eckd)["eckd/br_chr"] == "0x1f,0x2,0x3")
  }

  @Test("A running kernel is given a block's device before its type, and its data as they are")
  func firmwareFiles() throws {
    var block = Self.fcpBlock()
    let data = Array("root=/dev/sda1 a\u{1}".utf8)
    block += [UInt8](repeating: 0, count: max(0, 644 - block.count)) + data + [0, 0, 0, 0, 0, 0, 0]
    block.replaceSubrange(0..<4, with: [0, 0, UInt8(block.count >> 8), UInt8(block.count & 0xff)])
    block.replaceSubrange(380..<384, with: [0, 0, 0, UInt8(data.count + 7)])
    let files = try #require(IPLParameterBlock(block).firmwareFiles(clears: true))
    #expect(
      files.map(\.name) == [
        "fcp/device", "fcp/wwpn", "fcp/lun", "fcp/br_lba", "fcp/bootprog", "fcp/loadparm",
        "fcp/scp_data", "fcp/clear", "reipl_type",
      ])
    #expect(files[1].content == Array("0x500507630300c562\n".utf8))
    #expect(files[6].content == data)
    #expect(files.last?.content == Array("fcp\n".utf8))
    #expect(files.filter(\.mayLack).isEmpty)

    let plain = try #require(IPLParameterBlock(Self.fcpBlock()).firmwareFiles(clears: false))
    #expect(plain.first { $0.name == "fcp/scp_data" }?.content == [0])
    #expect(plain.filter(\.mayLack).map(\.name) == ["fcp/clear"])
    let disk = try #require(
      IPLParameterBlock(Self.ccwBlock(device: 0x1234)).firmwareFiles(clears: nil))
    #expect(disk.filter(\.mayLack).map(\.name) == ["ccw/parm"])
  }

  @Test("A running kernel is given no block of a dump tool, and none of unknown kind")
  func noFirmwareFiles() throws {
    var block = Self.fcpBlock()
    block[328] = 0x20
    #expect(try IPLParameterBlock(block).firmwareFiles(clears: nil) == nil)
    block[328] = 0x10
    block[12] = 5
    #expect(try IPLParameterBlock(block).firmwareFiles(clears: nil) == nil)
  }

  @Test("A block is refused where its lengths are impossible or it is cut, at every length")
  func refused() throws {
    let block = Self.ccwBlock(device: 1)
    for length in block.indices {
      #expect(throws: IPLParameterBlock.Fault.self) {
        try IPLParameterBlock(Array(block.prefix(length)))
      }
    }
    for (length, first) in [(15, 7), (4097, 100), (200, 193)] as [(UInt32, UInt32)] {
      var writer = ByteWriter(order: .big)
      writer.write(length)
      writer.write(UInt32(0))
      writer.write(first)
      writer.pad(to: 5000)
      #expect(throws: IPLParameterBlock.Fault.self) { try IPLParameterBlock(writer.bytes) }
    }
  }

  @Test("The os_info page of the specification is sound, and each damage has its own answer")
  func osInfo() throws {
    let page = Self.osInfoPage()
    let read = try OSInfo(page)
    #expect(read.checksum == 0xb301_e505)
    #expect(read.crashKernelAddress == 0x2000_0000)
    #expect(read.crashKernelSize == 0x1000_0000)
    #expect(read[.reIPLBlock] == OSInfo.Entry(address: 0x5000, size: 200, checksum: 0x8300_943c))
    #expect(!read.hasVirtualMemory)

    #expect(fault(page, at: 0, 0x4e) == .magic(0x4e53_494e_464f_535a))
    #expect(fault(page, at: 4095, 1) == .checksum(found: 0xb301_e505, expected: 0xb301_e506))
    var future = page
    future[13] = 2
    future.replaceSubrange(8..<12, with: [0xb3, 0x02, 0xe5, 0x05])
    #expect(throws: OSInfo.Fault.version(2)) { try OSInfo(future) }
    for length in [0, 11, 4095] {
      #expect(throws: OSInfo.Fault.cutShort(length)) { try OSInfo(Array(page.prefix(length))) }
    }
  }

  @Test("An os_info page of zeros but for its version has the checksum 00010001")
  func emptyOSInfo() throws {
    var page = [UInt8](repeating: 0, count: 4096)
    page.replaceSubrange(0..<16, with: bytes("4f53494e464f535a0001000100010001"))
    #expect(try OSInfo(page).crashKernelSize == 0)
  }

  @Test("A save area is refused where it is cut")
  func saveArea() {
    #expect(SaveArea([UInt8](repeating: 0, count: 511)) == nil)
    #expect(SaveArea((0..<512).map { UInt8(truncatingIfNeeded: $0) })?.prefix == 0x1819_1a1b)
  }

  private func fault(_ page: [UInt8], at offset: Int, _ byte: UInt8) -> OSInfo.Fault? {
    var page = page
    page[offset] = byte
    do throws(OSInfo.Fault) {
      _ = try OSInfo(page)
      return nil
    } catch {
      return error
    }
  }

  private func attributes(_ block: [UInt8]) throws -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: try IPLParameterBlock(block).attributes.map { ($0.name, $0.value) })
  }

  private static func osInfoPage() -> [UInt8] {
    bytes(
      "4f53494e464f535ab301e505000100010000000020000000000000001000000000000000000000000000000000"
        + "000000000000000000000000005000000000000000" + "00c88300943c")
      + [UInt8](repeating: 0, count: 4096 - 72)
  }

  private static func ccwBlock(device: UInt16) -> [UInt8] {
    var block = bytes("000000c800000000000000c0028000004040404040404040")
    block += [UInt8](repeating: 0, count: 200 - block.count)
    block[110] = UInt8(device >> 8)
    block[111] = UInt8(truncatingIfNeeded: device)
    return block
  }

  private static func fcpBlock() -> [UInt8] {
    var block = bytes("00000284000000000000027c000000004040404040404040")
    block += [UInt8](repeating: 0, count: 644 - block.count)
    block[328] = 0x10
    block.replaceSubrange(334..<336, with: [0x19, 0x41])
    block.replaceSubrange(340..<356, with: bytes("500507630300c562401040cc00000000"))
    return block
  }
}

private func bytes(_ hex: String) -> [UInt8] {
  stride(from: 0, to: hex.count, by: 2).compactMap { index in
    let start = hex.index(hex.startIndex, offsetBy: index)
    return UInt8(hex[start..<hex.index(start, offsetBy: 2)], radix: 16)
  }
}
