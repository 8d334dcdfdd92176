import Foundation
import TestSupport
import Testing
import VMCore

/// One option that is set, as the argument of a test.
struct OptionChange: Sendable {
  let apply: @Sendable (inout CrashDumpOptions) -> Void
}

@Suite("What cannot be made into a vmcore")
struct CrashDumpErrorTests {
  @Test(
    "Each option is checked before the image is opened, and what it may be is said",
    arguments: [
      (
        "elfcorehdr 'here', expected [SIZE[KMG]@]ADDR[KMG]", OptionChange { $0.elfcorehdr = "here" }
      ),
      (
        "page size 5000, expected a power of two from 4096 to 262144",
        OptionChange { $0.pageSize = 5000 }
      ),
    ])
  func options(_ text: String, _ change: OptionChange) {
    var options = CrashDumpOptions()
    change.apply(&options)
    let error = #expect(throws: VMCoreError.self) {
      try CrashDump(imageAt: "/nonexistent/image", options: options)
    }
    #expect(error?.kind == .usage)
    #expect(error?.description.hasPrefix(text) == true, "\(error?.description ?? "")")
  }

  @Test("A segment is read from text as the command line has it, and what is wrong in it is said")
  func segment() throws {
    #expect(
      try CrashDumpOptions.Segment(parsing: "a@b@4K:0x10")
        == CrashDumpOptions.Segment(path: "a@b", address: 4096, length: 16))
    let error = #expect(throws: VMCoreError.self) { try CrashDumpOptions.Segment(parsing: "a") }
    #expect(error?.kind == .usage)
    #expect(error?.description.contains("a: no address behind '@'") == true)
  }

  @Test("Each sort of failure has its own kind")
  func kinds() throws {
    let directory = try TemporaryDirectory()
    func kind(_ path: String) -> VMCoreError.Kind? {
      (#expect(throws: VMCoreError.self) { try CrashDump(imageAt: path) })?.kind
    }
    #expect(kind(directory.path("nothing")) == .cannotOpen)
    #expect(kind(directory.path) == .cannotOpen)
    #expect(kind(try directory.file([])) == .unusable)
    #expect(kind(try directory.file(Array("KDUMP   ".utf8))) == .unusable)
    #expect(kind(try directory.file([UInt8](repeating: 1, count: 9000))) == .unusable)
    let recipe = try OpenedRecipe(named: "readme")
    let error = #expect(throws: VMCoreError.self) {
      try CrashDump(imageAt: recipe.path, isCancelled: { true })
    }
    #expect(error?.kind == .cancelled)
  }

  @Test("Without a header, what was searched and the nearest miss are said")
  func search() throws {
    let recipe = try OpenedRecipe(
      named: "copies",
      adding: "header none\nmerged none\ndecoy tree 0x120000 names=0x3000")
    let error = #expect(throws: VMCoreError.self) { try CrashDump(imageAt: recipe.path) }
    #expect(error?.description.contains("no elfcorehdr") == true)
    let hints = error?.hints.map(\.description) ?? []
    #expect(hints.contains { $0.hasPrefix("searched: boot_params: absent: ") })
    #expect(
      hints.contains { $0.hasPrefix("searched: device tree: corrupt: device tree at 0x120000") })
    #expect(
      hints.contains { $0.hasPrefix("not it: 0x12c000: R1: PT_NOTE 0 has p_offset 0x200, ") })
    #expect(hints.last == "name it with elfcorehdr=ADDR if you know better")
  }

  @Test("Two headers that nothing separates are both listed, and nothing is made")
  func ambiguous() throws {
    let error = #expect(throws: VMCoreError.self) { try OpenedRecipe(named: "ambiguous").open() }
    #expect(
      error?.description.hasSuffix(": 2 core headers are left and no rule separates them") == true)
    #expect(
      error?.hints.map(\.description) == [
        "elfcorehdr=0x250000: 2 notes, 2 loads", "elfcorehdr=0x260000: 2 notes, 3 loads",
        "choose with elfcorehdr=ADDR",
      ])
  }

  @Test("A header in a load of its own is followed, with both ranges named")
  func overlap() throws {
    let report = try OpenedRecipe(named: "overlapping-header").open().report
    #expect(report.header.region == "0x1000@0x27e000")
    #expect(
      report.warningTexts.contains(
        "the header's region [0x27e000, 0x27f000) overlaps the data of PT_LOAD 4 "
          + "[0x240000, 0x280000): the header may have been overwritten"))
  }
}
