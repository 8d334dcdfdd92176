import Bytes
import CrashedKernel
import DumpRecords
import Handover
import MemoryImages
import TestSupport
import Testing

@Suite("What the evidence around a header says")
struct EvidenceTests {
  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  @Test("Of two headers that nothing names, the one with the later CRASHTIME is chosen")
  func latestCrash() throws {
    let note = RecipeNote(
      name: "VMCOREINFO", type: 0,
      content: Array("OSRELEASE=6.1.0\nPAGESIZE=4096\nCRASHTIME=100\n".utf8)
    ).encoded(.little)
    let place = Self.hex(RecipeOrder.little.bytes(0x310000, width: 8))
    // The decoy's PT_NOTE 1 points at a note of its own.
    let lines = """
      crashtime 200
      decoy stale 0x260000
      damage 0x310000 \(Self.hex(note))
      damage 0x260080 \(place)
      damage 0x260090 \(place)
      """
    let system = try OpenedRecipe(OpenedRecipe.plain + lines).system()
    #expect(system.headerAddress == 0x27e000)
    #expect(system.vmCoreInfo?.crashTime == 200)
    #expect(
      system.candidates.first { $0.address == 0x260000 }?.rejection?.text
        == "CRASHTIME: its crash is earlier than another candidate's")
  }

  @Test(
    "The header's region is as large as its producer makes it, or as it is named",
    arguments: [
      ("readme", "kexec-tools", 0x400), ("x86_64-kexec-tools-before", "kexec-tools", 0x400),
      ("x86_64-kernel-after", "kernel", 0x1000), ("arm64", "kernel", 0x1000),
      ("riscv64", "kexec-tools", 0x400), ("mips", "unknown", 0x1000),
    ] as [(String, String, UInt64)])
  func region(_ name: String, _ producer: String, _ size: UInt64) throws {
    let system = try OpenedRecipe(named: name).system()
    #expect(system.producer.kind.rawValue == producer)
    #expect(system.headerRegion?.lowerBound == system.headerAddress)
    #expect(system.headerRegion?.length == size)
  }

  @Test("A size that the option gives is the region's")
  func sizeOfOption() throws {
    var options = SearchOptions()
    options.coreHeader = ELFCoreHeaderParameter(address: 0x27e000, size: 0x2000)
    let opened = try OpenedRecipe(OpenedRecipe.plain)
    #expect(try opened.system(options).headerRegion == 0x27e000..<0x280000)
    options.coreHeader = ELFCoreHeaderParameter(address: 0x27e000, size: 8)
    #expect(try opened.system(options).headerRegion == 0x27e000..<0x27f000, "8 bytes hold nothing")
  }

  @Test("The option alone is followed without a search, and with one where all shall be seen")
  func thorough() throws {
    var options = SearchOptions()
    options.coreHeader = ELFCoreHeaderParameter(address: 0x27e000)
    let opened = try OpenedRecipe(named: "copies")
    #expect(try opened.system(options).candidates.count == 1)
    options.isThorough = true
    let system = try opened.system(options)
    #expect(system.headerAddress == 0x27e000)
    #expect(system.locators.first?.locator == .option)
    #expect(system.locators.map(\.locator).contains(.pageScan))
  }

  @Test("The option finds the base, where the header stands elsewhere in the file")
  func baseByOption() throws {
    var options = SearchOptions()
    options.coreHeader = ELFCoreHeaderParameter(address: 0x402f_0000)
    let system = try OpenedRecipe(named: "arm64-unnamed").system(options)
    #expect(system.layout.base == 0x4000_0000)
    #expect(system.headerAddress == 0x402f_0000)
  }

  @Test("The hole is found though every note lies below it")
  func holeWithLowNotes() throws {
    let text =
      try RecipeFiles.text("q35-hole")
      .replacing("pid=5", with: "pid=5 at=0x150600") + "\nvmcoreinfo 0x152000\n"
    let system = try OpenedRecipe(text).system()
    #expect(
      system.layout.name == "hole [0x80000000, 0x100000000) (as in QEMU's machine q35)")
    #expect(system.warnings == [])
  }

  @Test("A hypervisor's vmcoreinfo is one, too")
  func xen() throws {
    let text = OpenedRecipe.plain.replacing(
      "vmcoreinfo 0x300000", with: "vmcoreinfo none\nnote VMCOREINFO_XEN 0 413d310a")
    let system = try OpenedRecipe(text).system()
    #expect(system.vmCoreInfo?["A"] == "1")
    // It stands behind the registers of a CPU.
    #expect(system.processors.count == 1)
  }

  @Test("The text of what names a header is its place and its words")
  func names() throws {
    for (name, by) in [
      ("readme", "boot_params at 0x70000, command line at 0x71000"),
      ("arm64", "device tree at 0x40280000, /chosen linux,elfcorehdr"),
      ("ppc64le", "device tree at 0x320000, /chosen bootargs"),
    ] {
      let system = try OpenedRecipe(named: name).system()
      #expect(system.namedBy.map(\.by).contains(by), "\(system.namedBy.map(\.by))")
    }
  }
}
