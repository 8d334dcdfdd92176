import Foundation
import TestSupport
import Testing
import VMCore

@Suite("Headers of real machines")
struct RealHeaderTests {
  private static let name = "images/broken/arm64-kexec-tools-no-_text.elfcorehdr"

  @Test(
    "kexec-tools' load of almost 2⁶⁴ bytes is left out, and the rest of the machine is dumped",
    .enabled(
      if: RecipeFiles.shared(name) != nil || OutsideTool.isRequired,
      "../shared/\(name) is not there"))
  func brokenText() throws {
    let path = try #require(RecipeFiles.shared(Self.name))
    let header = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let base: UInt64 = 0x4000_0000
    let info = RecipeNote(
      name: "VMCOREINFO", type: 0,
      content: Array("OSRELEASE=6.1.0\nPAGESIZE=4096\nCRASHTIME=1\n".utf8)
    ).encoded(.little)
    let directory = try TemporaryDirectory()
    let image = try directory.file([])
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: image))
    for (address, bytes) in [
      (0x5b5f_f000, header), (0x4275_4000, info), (0x4000_1000, [1, 2, 3]),
      (0x5b60_0000, [4, 5, 6]),
    ] as [(UInt64, [UInt8])] {
      try file.seek(toOffset: address - base)
      try file.write(contentsOf: bytes)
    }
    try file.truncate(atOffset: 0x6000_0000 - base)
    try file.close()
    let dump = try CrashDump(imageAt: image)
    #expect(dump.report.header.address == 0x5b5f_f000)
    #expect(dump.report.isPartial)
    #expect(
      dump.report.warningTexts.contains {
        $0.hasPrefix("PT_LOAD 3 is left out: p_offset 0x5247dbc00000, p_memsz 0xffffadb866610000")
      })
    let loads = dump.report.vmcore.loads
    #expect(loads.map(\.physicalAddress) == [0x4000_0000, 0x5b60_0000])
    #expect(loads.map(\.size) == [0xf60_0000, 0x4a0_0000])
    #expect(dump.size == 0x2000 + 0xf60_0000 + 0x4a0_0000)
    #expect(try dump.bytes(at: loads[0].offset + 0x1000, count: 3) == [1, 2, 3])
    #expect(try dump.bytes(at: loads[1].offset, count: 3) == [4, 5, 6])
    var options = CrashDumpOptions()
    options.isExact = true
    let error = #expect(throws: VMCoreError.self) {
      try CrashDump(imageAt: image, options: options)
    }
    #expect(error?.description.hasSuffix("so isExact cannot be done") == true)
  }
}
