import Bytes
import DumpRecords
import Testing

@Suite("The x86 zero page")
struct BootParametersTests {
  private static var page: [UInt8] {
    var page = [UInt8](repeating: 0, count: 4096)
    func put(_ offset: Int, _ bytes: [UInt8]) {
      page.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
    put(0xc8, [0x01, 0, 0, 0])  // ext_cmd_line_ptr
    put(0x1e8, [2])  // e820_entries
    put(0x1fe, [0x55, 0xaa])  // boot_flag
    put(0x202, Array("HdrS".utf8))
    put(0x228, [0x00, 0x10, 0x9a, 0x00])  // cmd_line_ptr
    put(0x238, [0xff, 0x07, 0, 0])  // cmdline_size
    put(0x2d0, [0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0xec, 0x09, 0, 0, 0, 0, 0, 1, 0, 0, 0])
    put(0x2e4, [0, 0, 0, 0xe, 0, 0, 0, 0, 0, 0, 0, 0xa, 0, 0, 0, 0, 2, 0, 0, 0])
    return page
  }

  @Test("The command line's place and the memory map are read from their offsets")
  func literal() throws {
    let parameters = try #require(BootParameters(Self.page))
    #expect(parameters.commandLineAddress == 0x1_009a_1000)
    #expect(parameters.commandLineLimit == 2047)
    #expect(parameters.memoryMap.map(\.range) == [0x1000..<0x9fc00, 0xe00_0000..<0x1800_0000])
    #expect(parameters.memoryMap.map(\.type) == [1, 2])
  }

  @Test("A page without the signature, the boot flag or a command line is none")
  func notMine() {
    for (offset, bytes) in [
      (0x1fe, [0, 0]), (0x202, [0, 0, 0, 0]), (0x203, [0x65]),
    ] as [(Int, [UInt8])] {
      var page = Self.page
      page.replaceSubrange(offset..<offset + bytes.count, with: bytes)
      #expect(BootParameters(page) == nil, "offset \(offset)")
    }
    var page = Self.page
    page.replaceSubrange(0xc8..<0xcc, with: [0, 0, 0, 0])
    page.replaceSubrange(0x228..<0x22c, with: [0, 0, 0, 0])
    #expect(BootParameters(page) == nil)
  }

  @Test("A page that is cut off at any length is none, or lacks only entries of the map")
  func cut() {
    for count in 0..<4096 {
      let parameters = BootParameters(Array(Self.page.prefix(count)))
      #expect((parameters != nil) == (count >= 0x23c), "\(count) bytes")
      #expect(parameters?.memoryMap.count ?? 0 <= 2)
    }
  }

  @Test("A map of more entries than there is room for, or that end nowhere, does no harm")
  func hostile() throws {
    var page = Self.page
    page[0x1e8] = 0xff
    page.replaceSubrange(0x2d0..., with: repeatElement(0xff, count: 4096 - 0x2d0))
    #expect(try #require(BootParameters(page)).memoryMap.isEmpty)
  }
}
