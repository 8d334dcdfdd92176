import Bytes
import CrashedKernel
import DumpRecords
import Handover
import MemoryImages
import TestSupport
import Testing

@Suite("Finding the core header among look-alikes")
struct CoreHeaderSearchTests {
  @Test("The merged header decides against an earlier load's, though a device tree names that")
  func staleTree() throws {
    let opened = try OpenedRecipe(named: "stale-tree-after")
    let system = try opened.system()
    #expect(system.headerAddress == 0x250000)
    #expect(system.mergedHeader == opened.built.range(of: "merged")?.lowerBound)
    let stale = try #require(system.candidates.first { $0.address == 0x260000 })
    #expect(
      stale.rejection?.text
        == "merged header: the second kernel's own header has the loads of another candidate")
    #expect(stale.namedBy == ["device tree at 0x120000, /chosen linux,elfcorehdr"])
    #expect(system.namedBy == [])
  }

  @Test("Without the merged header, a name from the second kernel's own memory decides")
  func namedFromOutside() throws {
    let lines = "decoy stale 0x260000 tree=0x120000\n"
    let named = OpenedRecipe.plain.replacing(
      "name-by nothing", with: "name-by boot-params 0x210000")
    let system = try OpenedRecipe(named + lines).system()
    #expect(system.headerAddress == 0x27e000)
    #expect(
      system.candidates.first { $0.address == 0x260000 }?.rejection?.text
        == "R8: the second kernel's own parameters name another candidate")
    #expect(
      system.namedBy.map(\.by) == ["boot_params at 0x210000, command line at 0x211000"])
  }

  @Test("A name in the first kernel's memory is better than none")
  func named() throws {
    let system = try OpenedRecipe(
      OpenedRecipe.plain + "decoy stale 0x260000\ndecoy tree 0x120000 names=0x27e000\n"
    ).system()
    #expect(system.headerAddress == 0x27e000)
    #expect(
      system.candidates.first { $0.address == 0x260000 }?.rejection?.text
        == "R8: is named by nothing, and another candidate is")
  }

  @Test("The filled backup region decides, once the second kernel has run")
  func filledBackup() throws {
    let text = try RecipeFiles.text("x86_64-kexec-tools-after")
      .replacing("name-by boot-params 0x2e0000", with: "name-by nothing\nmerged none")
    let system = try OpenedRecipe(text + "decoy stale 0x2d0000 backup=0x2c0000\n").system()
    #expect(system.headerAddress == 0x2ee000)
    #expect(
      system.candidates.first { $0.address == 0x2d0000 }?.rejection?.text
        == "backup: its backup region is empty, and another candidate's is filled")
  }

  @Test("The purgatory's list decides between headers that nothing names")
  func purgatoryListed() throws {
    let text = OpenedRecipe.plain.replacing("name-by nothing", with: "name-by purgatory 0x230000")
    let system = try OpenedRecipe(text + "decoy stale 0x260000\n").system()
    #expect(system.headerAddress == 0x27e000)
    #expect(
      system.candidates.first { $0.address == 0x260000 }?.rejection?.text
        == "R7: no purgatory's list of regions names it, and one names another")
  }

  @Test("Copies and look-alikes at lower addresses lose, each for its stated reason")
  func copies() throws {
    let opened = try OpenedRecipe(named: "copies")
    #expect(try opened.system().headerAddress == 0x27e000)
    for (address, reason) in [
      (0x124000, "R5: lies in its own PT_LOAD 3 [0x100000, 0x200000)"),
      (0x12c000, "R1: PT_NOTE 0 has p_offset 0x200, p_paddr 0x0"),
      (0x130000, "R1: PT_NOTE 0 has p_offset 0x1000, p_paddr 0x0"),
    ] as [(UInt64, String)] {
      let rejection = try opened.rejection(at: address)
      #expect(rejection?.hasPrefix(reason) == true, "\(rejection ?? "not listed")")
    }
    let half = try opened.rejection(at: 0x128000)
    #expect(half != nil)
    let locators = try opened.system().locators
    let tree = locators.first { $0.locator == .deviceTree }
    #expect(
      tree?.answer
        == .corrupt(
          "device tree at 0x134000, /chosen linux,elfcorehdr names 0x400@0x260000, where no core "
            + "header is"))
  }

  @Test("Two headers that nothing separates are both listed with the option to choose")
  func ambiguous() throws {
    let opened = try OpenedRecipe(named: "ambiguous")
    let error = #expect(throws: SearchError.self) { try opened.system() }
    guard case .ambiguous(let failure) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(
      failure.choices == [
        "\(.elfcorehdr)=0x250000: 2 notes, 2 loads", "\(.elfcorehdr)=0x260000: 2 notes, 3 loads",
      ])
    #expect(failure.hint == "choose with \(.elfcorehdr)=ADDR")
    for address in [0x250000, 0x260000] as [UInt64] {
      var options = SearchOptions()
      options.coreHeader = ELFCoreHeaderParameter(address: address)
      #expect(try opened.system(options).headerAddress == address)
    }
  }

  @Test("An image without a header is told so, with what each locator saw")
  func notFound() throws {
    let text = OpenedRecipe.plain.replacing("header 0x27e000\n", with: "header none\n")
    let error = #expect(throws: SearchError.self) { try OpenedRecipe(text).system() }
    guard case .notFound(let failure) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(failure.choices == [])
    #expect(failure.candidates == [])
    #expect(
      failure.locators.map(\.locator)
        == [.bootParameters, .deviceTree, .kexecImage, .pageScan, .fineScan])
    for report in failure.locators {
      guard case .absent = report.answer else {
        Issue.record("\(report)")
        continue
      }
    }
  }

  @Test("A header at a multiple of 1024 is found, where none begins a page")
  func fineScan() throws {
    let text = OpenedRecipe.plain.replacing("header 0x27e000", with: "header 0x27e400")
    let system = try OpenedRecipe(text).system()
    #expect(system.headerAddress == 0x27e400)
    let both = try OpenedRecipe(OpenedRecipe.plain + "decoy stale 0x260400\n")
    #expect(try both.system().headerAddress == 0x27e000)
    #expect(
      try both.rejection(at: 0x260400)
        == "alignment: is not at a page boundary, as every kexec segment is")
  }

  @Test("The search finds the same with any number of threads", arguments: [1, 2, 5])
  func threads(_ workers: Int) throws {
    var options = SearchOptions()
    options.workers = workers
    let system = try OpenedRecipe(named: "copies").system(options)
    let single = try OpenedRecipe(named: "copies").system()
    #expect(system.headerAddress == single.headerAddress)
    #expect(system.candidates == single.candidates)
    #expect(system.locators == single.locators)
  }

  @Test("A search that is interrupted says so")
  func cancelled() throws {
    var options = SearchOptions()
    options.isCancelled = { true }
    let opened = try OpenedRecipe(OpenedRecipe.plain)
    #expect(throws: SearchError.cancelled) { try opened.system(options) }
  }

  // MARK: Where the file's first byte lies

  @Test("The memory node of a device tree tells the base")
  func baseByMemoryNode() throws {
    #expect(
      try OpenedRecipe(named: "arm64").system().layout.name
        == "base 0x40000000 (memory node of a device tree)")
  }

  @Test("The named header's place in the file tells the base, where no memory node does")
  func baseByNamedHeader() throws {
    let tree = try #require(RecipeFiles.image("arm64").range(of: "device tree"))
    let bytes = try RecipeFiles.image("arm64").read(tree.lowerBound, tree.count)
    let node = try #require(bytes.firstRange(of: Array("memory@".utf8))).lowerBound
    let system = try OpenedRecipe(
      named: "arm64",
      adding: "damage 0x\(String(tree.lowerBound + UInt64(node), radix: 16)) 4d\n"
    ).system()
    #expect(system.layout.name == "base 0x40000000 (place of the named header in the file)")
    #expect(system.headerAddress == 0x402f_0000)
  }

  @Test("The header and its notes tell the base, where nothing names the header")
  func baseByNotes() throws {
    #expect(
      try OpenedRecipe(named: "arm64-unnamed").system().layout.name
        == "base 0x40000000 (place of the VMCOREINFO note in the file)")
  }

  @Test(
    "The hole below 4 GiB is found by the size of the file and the header",
    arguments: ["pc", "q35"])
  func hole(_ machine: String) throws {
    let opened = try OpenedRecipe(named: "\(machine)-hole")
    let system = try opened.system()
    let hole = try #require(opened.built.recipe.holes.first)
    #expect(system.layout.name == "hole \(hole.hex) (place of the VMCOREINFO note in the file)")
    #expect(system.layout.holes == opened.built.recipe.holes)
  }
}
