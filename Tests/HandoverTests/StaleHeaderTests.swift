import Bytes
import CrashedKernel
import DumpRecords
import Handover
import TestSupport
import Testing

@Suite("A header that an earlier kernel left in memory")
struct StaleHeaderTests {
  /// A machine that crashed; where its kernel was, `name` stands now.
  private static func recipe(_ architecture: String, _ lines: String) -> String {
    let image: [String: String] = [
      "x86_64": "ffffffff80", "i386": "c0", "ppc64": "c000000000", "ppc64le": "c000000000",
    ]
    let start = image[architecture] ?? ""
    return """
      arch \(architecture)
      ram 0x100000-0x400000
      fill 0x110000-0x114000 random 131
      crash 0x200000-0x280000
      osrelease 6.1.0
      crashtime 1700001200
      info SYMBOL(_stext)=\(start)110000
      info SYMBOL(swapper_pg_dir)=\(start)160000
      info SYMBOL(init_uts_ns)=\(start)140000
      info NUMBER(phys_base)=0
      cpu 0 running pc=0xc1012345 sp=0xc0003e48 pid=5
      header 0x260000
      merged none
      moment after
      \(lines)

      """
  }

  /// What another kernel, whose image begins at 1 MiB or in the crash region, says of itself.
  private static func other(_ architecture: String, _ place: String, at name: String) -> String {
    let start = architecture == "x86_64" ? "ffffffff80" : "c000000000"
    return "other-kernel \(place) SYMBOL(_stext)=\(start)\(name.prefix(2))0000 "
      + "SYMBOL(init_uts_ns)=\(start)\(name) OFFSET(uts_namespace.name)=0 NUMBER(phys_base)=0\n"
  }

  @Test(
    "is refused though everything else names it, and both releases are said",
    arguments: ["x86_64", "i386", "ppc64", "ppc64le"])
  func refused(architecture: String) throws {
    let name = architecture.hasPrefix("ppc") ? "device-tree 0x210000" : "boot-params 0x210000"
    let text = Self.recipe(
      architecture, "name-by \(name)\nsystem-name 0x140004\ndamage 0x140086 352e3000")
    let opened = try OpenedRecipe(text)
    let error = #expect(throws: SearchError.self) { try opened.system() }
    guard case .stale(let header, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(header.address == 0x260000)
    #expect(header.difference == "init_uts_ns at 0x140000 says 5.0, vmcoreinfo says 6.1.0")
    var options = SearchOptions()
    options.coreHeader = ELFCoreHeaderParameter(address: 0x260000)
    let system = try opened.system(options)
    #expect(system.headerAddress == 0x260000)
    #expect(
      system.warnings.map(\.text) == [
        "the header at 0x260000 was asked for, though R9: \(header.difference)"
      ])
  }

  @Test(
    "gives way to the kernel that runs, whose own note leads to it", arguments: ["x86_64", "ppc64"])
  func running(architecture: String) throws {
    let text = Self.recipe(
      architecture,
      Self.other(architecture, "6.1.0-kdump 0x204000 0x208000", at: "208000")
        + Self.other(architecture, "6.12.9 0x320000 0x140000", at: "140000"))
    let system = try OpenedRecipe(text).system()
    #expect(system.headerAddress == nil)
    #expect(system.producer.kind == .standalone)
    #expect(system.vmCoreInfo?.release == "6.12.9")
    #expect(
      system.warnings.first?.text.hasPrefix(
        "FALLBACK: the elfcorehdr at 0x260000 is of an earlier kernel (init_uts_ns at 0x140000 "
          + "says 6.12.9, vmcoreinfo says 6.1.0): this is a stand-alone dump of all memory ")
        == true)
    var options = SearchOptions()
    options.fallback = .refuse
    let opened = try OpenedRecipe(text)
    #expect(throws: SearchError.self) { try opened.system(options) }
    // Nor is the log of the kernel that runs what was asked for.
    #expect(
      try SystemFinder.kernel(in: opened.image(), SearchOptions()).information.release == "6.12.9")
    #expect(throws: SearchError.self) { try SystemFinder.kernel(in: opened.image(), options) }
  }

  @Test("does not give way to its own second kernel, unless the user wants that")
  func secondKernel() throws {
    let text = Self.recipe(
      "x86_64",
      "fill 0x140000-0x141000 random 3\n"
        + Self.other("x86_64", "6.1.0-kdump 0x204000 0x208000", at: "208000"))
    let error = #expect(throws: SearchError.self) { try OpenedRecipe(text).system() }
    guard case .stale(let header, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(header.difference.contains("init_uts_ns at 0x140000 holds no name of a kernel"))
    var options = SearchOptions()
    options.fallback = .standalone
    #expect(try OpenedRecipe(text).system(options).vmCoreInfo?.release == "6.1.0-kdump")
  }

  @Test("is known, too, where its notes have been overwritten and another kernel runs")
  func overwrittenNotes() throws {
    let zeros = String(repeating: "00", count: 64)
    let text = Self.recipe("x86_64", "vmcoreinfo 0x300000\ndamage 0x300000 \(zeros)\n")
    #expect(
      try OpenedRecipe(text).system().warnings.first?.text.contains("it is used though R3") == true)
    let running = Self.other("x86_64", "6.12.9 0x320000 0x140000", at: "140000")
    let system = try OpenedRecipe(text + running).system()
    #expect(system.producer.kind == .standalone)
    #expect(system.vmCoreInfo?.release == "6.12.9")
    #expect(system.warnings.first?.text.contains("no vmcoreinfo stands at 0x300000") == true)
  }

  @Test("is not known by notes that the image lacks, though another kernel runs")
  func absentNotes() throws {
    let text = Self.recipe("x86_64", "vmcoreinfo 0x3f0000\nend 0x3e0000\n")
    let running = Self.other("x86_64", "6.12.9 0x320000 0x140000", at: "140000")
    let system = try OpenedRecipe(text + running).system()
    #expect(system.headerAddress == 0x260000)
    #expect(system.warnings.first?.text.contains("it is used though R3") == true)
  }

  @Test("does not lose for a look-alike of another machine with the same notes")
  func otherMachine() throws {
    let text = Self.recipe(
      "x86_64",
      "system-name 0x140000\nname-by nothing\ndecoy copy 0x250000\ndamage 0x250012 0300\n")
    let system = try OpenedRecipe(text).system()
    #expect(system.headerAddress == 0x260000)
    #expect(system.architecture?.name == "x86_64")
  }

  @Test("What the image lacks proves nothing, nor does a vmcoreinfo that does not say the place")
  func absent() throws {
    let text = Self.recipe("x86_64", "name-by nothing")
    #expect(throws: SearchError.self) { try OpenedRecipe(text).system() }
    for change in [
      ("NUMBER(phys_base)=0", "NUMBER(phys_base)=1073741824"), ("NUMBER(phys_base)=0", "X=0"),
      ("SYMBOL(init_uts_ns)", "SYMBOL(another)"),
    ] {
      let system = try OpenedRecipe(text.replacing(change.0, with: change.1)).system()
      #expect(system.headerAddress == 0x260000)
      #expect(system.warnings == [])
    }
  }

  @Test(
    "A kernel is found in memory wherever its release has the name",
    arguments: ["0x140000", "0x140004", "0x140030"])
  func places(name: String) throws {
    let system = try OpenedRecipe(Self.recipe("i386", "system-name \(name)")).system()
    #expect(system.headerAddress == 0x260000)
    #expect(system.warnings == [])
  }

  @Test("loses against the header of the kernel that is in memory, whatever names it")
  func besideNew() throws {
    let system = try OpenedRecipe(named: "stale-header-beside-new").system()
    #expect(system.headerAddress == 0x250000)
    let stale = try #require(system.candidates.first { $0.address == 0x260000 })
    #expect(
      stale.rejection?.text
        == "R9: its kernel is not known to be in memory, and that of another candidate is")
    #expect(stale.namedBy.count == 1)
  }

  @Test("Several of them, copies and halves lose against one that breaks rules and is proven")
  func severalDecoys() throws {
    let text = Self.recipe(
      "x86_64",
      """
      system-name 0x140000
      load add offset=0x258000 paddr=0x258000 memsz=0x10000
      name-by boot-params 0x210000
      decoy stale 0x270000 note=0x320000
      decoy stale 0x278000
      decoy copy 0x110000
      decoy copy 0x112000
      decoy half 0x116000
      decoy user-core 0x118000
      decoy merged 0x11a000
      """)
    let system = try OpenedRecipe(text).system()
    #expect(system.headerAddress == 0x260000)
    #expect(system.candidates.count == 8)
    #expect(system.candidates.filter { $0.rejection == nil }.map(\.address) == [0x260000])
    #expect(!system.warnings.contains { $0.text.contains("R5") })
  }
}
