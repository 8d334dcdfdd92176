import Bytes
import CrashedKernel
import DumpRecords
import Handover
import TestSupport
import Testing

@Suite("The rules that tell a core header from its look-alikes")
struct CandidateRuleTests {
  @Test("A header that breaks no rule is found without a name")
  func plain() throws {
    let system = try OpenedRecipe(OpenedRecipe.plain).system()
    #expect(system.headerAddress == 0x27e000)
    #expect(system.warnings == [])
    #expect(system.candidates == [CandidateReport(address: 0x27e000, rejection: nil)])
  }

  @Test(
    "A header that the second kernel was told of is taken as that would, whatever else it says",
    arguments: [
      "damage 0x27e020 00", "damage 0x27e020 ffffffffffffffff", "damage 0x27e009 01020304050607",
      "damage 0x27e028 0010000000000000\ndamage 0x27e03a 40000300",
    ])
  func named(_ damage: String) throws {
    let recipe = OpenedRecipe.plain.replacing(
      "name-by nothing", with: "name-by boot-params 0x210000")
    let system = try OpenedRecipe(recipe + damage).system()
    #expect(system.headerAddress == 0x27e000)
    #expect(system.warnings == [])
    #expect(
      system.locators.contains {
        if case .found(let place, _) = $0.answer { place.address == 0x27e000 } else { false }
      })
    // Of a look-alike that nobody names that would be too much.
    #expect(throws: SearchError.self) { try OpenedRecipe(OpenedRecipe.plain + damage).system() }
  }

  @Test("A big-endian header that says it is little-endian is read as it is, and stays so")
  func mislabelled() throws {
    let recipe = OpenedRecipe.plain.replacing("arch x86_64", with: "arch ppc64")
      .replacing("ffffffff81", with: "c000000000")
    let plain = try OpenedRecipe(recipe).system()
    let system = try OpenedRecipe(recipe + "damage 0x27e005 01").system()
    #expect(system.headerAddress == 0x27e000)
    #expect(system.header.order == .big)
    #expect(system.header.header.identification[5] == 1)
    #expect(system.header.segments == plain.header.segments)
    #expect(system.vmCoreInfo?.release == "6.1.0")
    #expect(system.warnings.map(\.text).joined().contains("another byte order"))
    // The file that is made of it is read, too.
    var header = system.header
    header.segments = []
    #expect(try ELFHeader(header.encoded) != nil)
  }

  @Test("A load of class 32 that ends beyond what that can say is left out")
  func wrapped() throws {
    let recipe = OpenedRecipe.plain
      .replacing("arch x86_64", with: "arch i386").replacing("=ffffffff81", with: "=c1")
    let system = try OpenedRecipe(recipe + "load set 3 memsz=0xfff00000").system()
    #expect(system.unsoundLoads.count == 1)
    #expect(system.unsoundLoads.first?.value.contains("ends beyond 2³²") == true)
  }

  @Test(
    "What no second kernel could use is rejected for the stated reason",
    arguments: [
      ("load remove 1\nload remove 0", "R1: has no PT_NOTE, expected one for each CPU"),
      (
        "load set 2 offset=0x10100000 paddr=0x10100000\n"
          + "load set 3 offset=0x10280000 paddr=0x10280000",
        "R4: none of its 2 loads lies in the image"
      ),
    ])
  func rejected(_ lines: String, _ reason: String) throws {
    let opened = try OpenedRecipe(OpenedRecipe.plain + lines)
    let rejection = try opened.rejection(at: 0x27e000)
    #expect(rejection?.hasPrefix(reason) == true, "\(rejection ?? "not rejected")")
    #expect(throws: SearchError.self) { try opened.system() }
  }

  @Test(
    "The only header is used whatever other rule it breaks, and a warning says which",
    arguments: [
      (
        "load set 0 paddr=0",
        "R1: PT_NOTE 0 has p_offset 0x302600, p_paddr 0x0, expected the same physical address "
          + "(the header of a vmcore or a core file, such as the second kernel's own)"
      ),
      (
        "load set 1 paddr=0x301000",
        "R1: PT_NOTE 1 has p_offset 0x300000, p_paddr 0x301000, expected the same physical address"
      ),
      ("load set 0 vaddr=1", "R1: PT_NOTE 0 has p_offset 0x302600, p_paddr 0x302600"),
      ("load set 0 align=4", "R1: PT_NOTE 0 has p_offset 0x302600, p_paddr 0x302600"),
      (
        "load set 0 memsz=0x1000001",
        "R2: PT_NOTE 0 claims 0x1000001 bytes, expected at most 0x1000000"
      ),
      ("load remove 1", "R3: 0 VMCOREINFO notes, expected one"),
      (
        "note VMCOREINFO 0 4f5352454c454153453d310a",
        "R3: 2 VMCOREINFO notes, expected one"
      ),
      (
        "damage 0x300018 58",
        "R3: the VMCOREINFO note at 0x300000 does not begin with OSRELEASE="
      ),
      (
        "load set 2 paddr=0x10100000\nload set 3 paddr=0x10280000",
        "R4: 2 loads have a p_offset that is not their p_paddr, expected at most one"
      ),
      (
        "load add offset=0x240000 paddr=0x240000 memsz=0x40000",
        "R5: lies in its own PT_LOAD 4 [0x240000, 0x280000)"
      ),
      (
        "load remove 3\nload add offset=0x301000 paddr=0x301000 memsz=0xff000",
        "R6: PT_NOTE 1 points at 0x300000, which lies in none of its loads"
      ),
    ])
  func ranked(_ lines: String, _ reason: String) throws {
    let system = try OpenedRecipe(OpenedRecipe.plain + lines).system()
    #expect(system.headerAddress == 0x27e000)
    let warning =
      "nothing names or proves the header at 0x27e000, and it is used though \(reason)"
    #expect(
      system.warnings.first?.text.hasPrefix(warning) == true, "\(system.warnings.map(\.text))")
  }

  @Test(
    "The header of a file is recognised, alone in memory as beside others",
    arguments: ["merged", "user-core"])
  func files(_ kind: String) throws {
    let text = OpenedRecipe.plain + "decoy \(kind) 0x260000\n"
    #expect(try OpenedRecipe(text).system().headerAddress == 0x27e000)
    let alone = try OpenedRecipe(text + "damage 0x27e000 00\n")
    let error = #expect(throws: SearchError.self) { try alone.system() }
    guard case .notFound = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    var options = SearchOptions()
    options.coreHeader = ELFCoreHeaderParameter(address: 0x260000)
    let refused = #expect(throws: SearchError.self) { try alone.system(options) }
    guard case .corrupt(let found) = refused else {
      Issue.record("\(String(describing: refused))")
      return
    }
    #expect(found.description.hasPrefix("elfcorehdr=0x260000: R1: PT_NOTE 0 has p_offset"))
  }

  @Test(
    "A proof is enough where rules about places are broken, and nothing is said",
    arguments: ["boot-params 0x210000", "purgatory 0x230000"])
  func proven(_ name: String) throws {
    let lines = "load add offset=0x240000 paddr=0x240000 memsz=0x40000\n"
    let text = OpenedRecipe.plain.replacing("name-by nothing", with: "name-by \(name)")
    let system = try OpenedRecipe(text + lines).system()
    #expect(system.headerAddress == 0x27e000)
    #expect(!system.warnings.contains { $0.text.contains("R5") })
  }

  @Test("Of several headers, one that breaks fewer rules is likelier, and a proof counts more")
  func fewest() throws {
    let lines = "load add offset=0x240000 paddr=0x240000 memsz=0x18000\ndecoy stale 0x250000\n"
    let plain = try OpenedRecipe(OpenedRecipe.plain + lines)
    #expect(try plain.system().headerAddress == 0x27e000)
    #expect(
      try plain.rejection(at: 0x250000)?.hasPrefix("R5: lies in its own PT_LOAD 5 ") == true)
    let named = "decoy tree 0x210000 names=0x250000\n"
    #expect(try OpenedRecipe(OpenedRecipe.plain + lines + named).system().headerAddress == 0x250000)
  }

  @Test("Copies of one header with nothing else in memory are one header")
  func copies() throws {
    let text = OpenedRecipe.plain.replacing("header 0x27e000", with: "header 0x120000")
    let system = try OpenedRecipe(text + "decoy copy 0x130000\ndecoy copy 0x140000\n").system()
    #expect(system.headerAddress == 0x120000)
  }

  @Test("A note that an unsound load was meant to hold does not count against the header")
  func removedMemory() throws {
    let lines = "load set 3 memsz=0xfffffffffff00000\n"
    let system = try OpenedRecipe(OpenedRecipe.plain + lines).system()
    #expect(system.headerAddress == 0x27e000)
    #expect(system.warnings == [])
    #expect(system.unsoundLoads.count == 1)
    #expect(system.vmCoreInfo?.release == "6.1.0")
  }

  @Test(
    "A PT_NOTE without bytes is passed over, wherever it points",
    arguments: ["offset=0", "offset=0x7f000000 paddr=0x123", "offset=0x302600 vaddr=5 align=8"])
  func emptyNotes(_ fields: String) throws {
    let lines = "load add type=4 \(fields) memsz=0\nload-order 4 0 1 2 3\n"
    let system = try OpenedRecipe(OpenedRecipe.plain + lines).system()
    #expect(system.headerAddress == 0x27e000)
    #expect(system.warnings == [])
  }

  @Test("Notes outside all loads do not reject a header that something names")
  func reservedNotes() throws {
    let lines = "load remove 3\nload add offset=0x301000 paddr=0x301000 memsz=0xff000\n"
    let text = OpenedRecipe.plain.replacing(
      "name-by nothing", with: "name-by boot-params 0x210000")
    let system = try OpenedRecipe(text + lines).system()
    #expect(system.headerAddress == 0x27e000)
    #expect(system.warnings == [])
    #expect(system.vmCoreInfo != nil)
  }

  @Test("Rules that an odd but true header breaks are warnings where the option names it")
  func option() throws {
    var options = SearchOptions()
    options.coreHeader = ELFCoreHeaderParameter(address: 0x27e000)
    let opened = try OpenedRecipe(
      OpenedRecipe.plain + "load add offset=0x240000 paddr=0x240000 memsz=0x40000")
    let system = try opened.system(options)
    #expect(system.headerAddress == 0x27e000)
    #expect(
      system.warnings.map(\.text) == [
        "the header at 0x27e000 was asked for, though R5: lies in its own PT_LOAD 4 "
          + "[0x240000, 0x280000)",
        "the header's region [0x27e000, 0x27f000) overlaps the data of PT_LOAD 4 "
          + "[0x240000, 0x280000): the header may have been overwritten",
      ])
  }

  @Test(
    "What is no core header at all is refused, though the option names it",
    arguments: [
      (
        "damage 0x27e014 00",
        "elfcorehdr=0x27e000: the ELF header at 0x27e000: e_version is 0, "
          + "expected 1"
      ),
      ("damage 0x27e000 00", "elfcorehdr=0x27e000: no ELF header at 0x27e000: begins with 00 45"),
      ("end 0x27e050", "elfcorehdr=0x27e000: the ELF header at 0x27e000: the image ends inside"),
      ("end 0x27e000", "elfcorehdr=0x27e000: 0x27e000 lies outside the image"),
    ])
  func refusedOption(_ line: String, _ text: String) throws {
    var options = SearchOptions()
    options.coreHeader = ELFCoreHeaderParameter(address: 0x27e000)
    let opened = try OpenedRecipe(OpenedRecipe.plain + line)
    let error = #expect(throws: SearchError.self) { try opened.system(options) }
    guard case .corrupt(let found) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(found.description.hasPrefix(text), "\(found)")
  }

  @Test("A header whose notes cannot be read is used with a warning, though it is named")
  func weak() throws {
    let lines = "load set 0 memsz=0x1000001\n"
    let named = OpenedRecipe.plain.replacing(
      "name-by nothing", with: "name-by boot-params 0x210000")
    let system = try OpenedRecipe(named + lines).system()
    #expect(system.headerAddress == 0x27e000)
    let warning = try #require(system.warnings.first)
    #expect(warning.text.hasPrefix("the header at 0x27e000 is named, and used though R2: "))
    #expect(warning.isPartial)
  }

  @Test("The only header is used though none of its notes can be read, where the layout is given")
  func unreadable() throws {
    let zeros = String(repeating: "00", count: 64)
    let text = OpenedRecipe.plain.replacing("cpu 0 running", with: "cpu 0 offline")
    let memory = try ImageInMemory(text + "damage 0x300000 \(zeros)\n")
    let system = try SystemFinder.find(in: memory.image(), SearchOptions())
    #expect(system.headerAddress == 0x27e000)
    #expect(
      system.warnings.first?.text
        == "nothing names or proves the header at 0x27e000, and it is used though R3: 0 VMCOREINFO "
        + "notes, expected one")
  }

  @Test("A section of vmcoreinfo that the image lacks is no CPU's")
  func absentInformation() throws {
    let text = OpenedRecipe.plain.replacing("vmcoreinfo 0x300000", with: "vmcoreinfo 0x3f0000")
    let system = try OpenedRecipe(text + "end 0x3e0000\n").system()
    #expect(system.headerAddress == 0x27e000)
    #expect(system.processors.count == 1)
    #expect(system.warnings.contains { $0.text.hasPrefix("VMCOREINFO: PT_NOTE 1 at 0x3f0000: ") })
  }

  @Test("A vmcoreinfo that is cut off does not show that the machine had not crashed")
  func cutInformation() throws {
    let text = OpenedRecipe.plain.replacing("cpu 0 running", with: "cpu 0 offline")
    let built = try ImageBuilder.build(parsing: text)
    let size = try #require(built.read(0x300004, 4).first)
    // The last byte of the text, its line end, is no part of it any more.
    let cut = String(size - 1, radix: 16)
    let system = try OpenedRecipe(text + "damage 0x300004 \(cut)\n").system()
    #expect(system.moment.phase == .unknown)
    #expect(system.moment.evidence.description.contains("the text of vmcoreinfo is cut off"))
    #expect(
      system.warnings.map(\.text).contains(
        "none of the 1 CPUs has saved registers, the vmcore has no CPU notes"))
  }

  @Test("A load is sound up to the last address that a machine can have, and not beyond")
  func loads() throws {
    func check(_ offset: UInt64, _ size: UInt64) throws -> String? {
      let header = try #require(
        try ELFHeader(OpenedRecipe(OpenedRecipe.plain).built.headerBytes))
      let load = ProgramHeader(type: .load, offset: offset, fileSize: 0, memorySize: size)
      return LoadCheck(try #require(CoreHeader(header: header, segments: [load]))).unsound[0]
    }
    #expect(try check(0, 0) == nil)
    #expect(try check(1 << 55, 1 << 55) == nil)
    #expect(
      try check(1 << 55, 1 << 55 + 1)
        == "p_offset 0x80000000000000, p_memsz 0x80000000000001: ends at 0x100000000000001, "
        + "expected a physical address of at most 56 bits")
    #expect(try check(0x5247_dbc0_0000, 0xffff_adb8_6661_0000)?.contains("ends beyond 2⁶⁴") == true)
  }
}
