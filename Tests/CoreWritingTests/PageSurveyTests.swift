import CoreWriting
import CrashedKernel
import TestSupport
import Testing

@Suite("A forecast of what each level would leave")
struct PageSurveyTests {
  private func selected(_ machine: PageMachine) throws -> SelectedImage {
    let scratch = try TemporaryDirectory()
    return try SelectedImage(path: SparseFile.write(machine, named: "machine", in: scratch))
  }

  /// The first machine of a release that has many free pages.
  private func machine(_ release: String) throws -> PageMachine {
    try #require(
      (0..<1000).lazy.map { PageMachine(seed: $0) }
        .first {
          $0.form.release == release && ($0.form.types["BUDDY"] != nil || $0.listed.count > 60)
        })
  }

  private func check(_ selected: SelectedImage, _ levels: [UInt8]) throws {
    let survey = try selected.survey()
    for level in levels {
      let left = try selected.frames.count - selected.select(level).counts.excluded
      #expect(survey.frames(at: DumpLevel(rawValue: level)) == left, "level \(level)")
    }
  }

  @Test(
    "is what the level leaves, also where a kernel does not mark bad memory",
    arguments: ["2.6.39", "4.19.3", "6.1.0", "7.1.0-rc3"])
  func levels(_ release: String) throws {
    var machine = try machine(release)
    // A page of the cache that is broken counts as one of the cache.
    try check(selected(machine), [30])
    machine.retell("NUMBER(PG_hwpoison)", "none")
    try check(selected(machine), [0, 2, 6, 8, 16, 30])
  }

  @Test("is none where the kernel's lists are broken, for the levels that need them")
  func lists() throws {
    var machine = try machine("2.6.39")
    machine.retell("OFFSET(list_head.prev)", "0")
    let selected = try selected(machine)
    #expect(throws: SelectionError.self) { try selected.select(16) }
    let survey = try selected.survey()
    #expect(survey.listFault != nil)
    #expect(survey.frames(at: .free) == nil)
    #expect(survey.frames(at: .cache) != nil)
  }

  @Test("is none where struct pages contradict themselves, but for zeros")
  func contradiction() throws {
    var machine = try machine("6.1.0")
    for frame in machine.ram[0].lowerBound + 150..<machine.ram[0].upperBound - 210 {
      machine.reuse(frame, flags: [], type: "BUDDY")
      machine.order(ofFree: frame, 9999)
    }
    let selected = try selected(machine)
    #expect(throws: SelectionError.self) { try selected.select(16) }
    let survey = try selected.survey()
    #expect(survey.contradiction != nil)
    #expect(survey.frames(at: .free) == nil)
  }
}
