import TestSupport
import Testing
import VMCore

@Suite("What is said of an image instead of found")
struct CrashDumpOptionTests {
  @Test("A base, a machine, a hole and segments that are given make the same vmcore as found")
  func given() throws {
    let arm = try OpenedRecipe(named: "arm64-unnamed")
    let armFound = try arm.open()
    #expect(armFound.report.image.isLayoutFound)
    let based = try arm.open { $0.base = 0x4000_0000 }
    #expect(try difference(based.allBytes(), armFound.allBytes()) == nil)
    #expect(!based.report.image.isLayoutFound)
    let segmented = try arm.open {
      $0.segments = [
        .init(path: arm.path, address: 0x4030_0000, length: 1 << 20, offset: 0x30_0000),
        .init(path: arm.path, address: 0x4000_0000, length: 0x30_0000),
      ]
    }
    #expect(segmented.report.image.format == "segments")
    #expect(try difference(segmented.allBytes(), armFound.allBytes()) == nil)

    let pc = try OpenedRecipe(named: "pc-hole")
    let pcFound = try pc.open().allBytes()
    let machine = try pc.open { $0.machine = .pc }
    #expect(try difference(machine.allBytes(), pcFound) == nil)
    let hole = try pc.open { $0.holes = [0xc000_0000..<0x1_0000_0000] }
    #expect(try difference(hole.allBytes(), pcFound) == nil)
  }

  @Test("A wrong base is no way to a vmcore")
  func wrongBase() throws {
    let recipe = try OpenedRecipe(named: "arm64")
    let error = #expect(throws: VMCoreError.self) { try recipe.open { $0.base = 0x4000_1000 } }
    #expect(error?.kind == .unusable)
  }

  @Test("Without PAGESIZE the section of the note tells the page size, and it is said")
  func pageSizeGuess() throws {
    let place = try #require(RecipeFiles.image("ppc64le").range(of: "vmcoreinfo"))
    let text = try RecipeFiles.image("ppc64le").read(place.lowerBound, place.count)
    let key = try #require(text.firstRange(of: Array("PAGESIZE".utf8))).lowerBound
    let damage = "damage 0x\(String(place.lowerBound + UInt64(key), radix: 16)) 58\nmerged none"
    let recipe = try OpenedRecipe(named: "ppc64le", adding: damage)
    let dump = try recipe.open()
    #expect(dump.report.system.pageSize == 65536)
    #expect(
      dump.report.warningTexts == [
        "vmcoreinfo does not say the page size: 65536 is assumed from the size of its section; "
          + "pageSize overrides"
      ])
    #expect(try difference(dump.allBytes(), recipe.built.expectedVMCore()) == nil)
  }

  @Test("Without a release the layout of Linux 3.11 to 6.4 is made, and it is said")
  func unknownRelease() throws {
    let recipe = try OpenedRecipe(named: "offline-cpu", adding: "osrelease custom\nmerged none")
    let report = try recipe.open().report
    #expect(report.vmcore.compatibility == .since3_11)
    #expect(
      report.warningTexts.contains { $0.hasPrefix("vmcoreinfo does not say the kernel's release") })
  }

  @Test("Bytes of the ELF header that the second kernel does not look at go through unchanged")
  func passedThrough() throws {
    let recipe = try OpenedRecipe(
      named: "x86_64-kernel-after",
      adding: "damage 0x200007 09\ndamage 0x200018 0102030405060708\ndamage 0x200030 aabbccdd")
    let dump = try recipe.open()
    let head = try dump.bytes(at: 0, count: 64)
    #expect(head[7] == 9)
    #expect(Array(head[24..<32]) == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(Array(head[48..<52]) == [0xaa, 0xbb, 0xcc, 0xdd])
    #expect(try difference(dump.allBytes(), recipe.built.expectedVMCore()) == nil)
  }

  @Test("An offset that class 32 cannot say is refused, not cut")
  func tooLargeForClass32() throws {
    let load = "load add offset=0x40000000 paddr=0x40000000 memsz=0x80000000\n"
    let two = try OpenedRecipe(named: "i386-elf32", adding: load + load)
    #expect(try two.open().size > 0x1_0000_0000)
    let error = #expect(throws: VMCoreError.self) {
      try OpenedRecipe(named: "i386-elf32", adding: load + load + load).open()
    }
    #expect(error?.kind == .unusable)
    #expect(error?.description.contains("beyond what 32 bits can say") == true)
  }

  @Test("As many program headers as a header can have are laid out")
  func manyLoads() throws {
    let load = "load add offset=0x300000 paddr=0x300000 memsz=0\n"
    let recipe = try OpenedRecipe(
      """
      arch x86_64
      ram 0x100000-0x1000000
      crash 0x800000-0xf00000
      osrelease 6.1.0
      cpu 0 running pc=0xffffffff81012345 sp=0xffffc90000003e48 pid=5
      header 0x900000
      moment before

      """ + String(repeating: load, count: 65_535 - 4))
    let dump = try recipe.open()
    #expect(dump.report.vmcore.loads.count == 65_535 - 2)
    #expect(try difference(dump.allBytes(), recipe.built.expectedVMCore()) == nil)
  }
}
