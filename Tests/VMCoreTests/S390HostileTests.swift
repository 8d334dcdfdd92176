import TestSupport
import Testing
import VMCore

@Suite("Hostile s390x images")
struct S390HostileTests {
  /// Where the records of the recipes lie, as the crashed kernel addressed them.
  static let records: [(name: String, range: Range<UInt64>)] = [
    ("lowcore", 0x0..<0x20), ("pointers", 0xe00..<0xe20), ("save area", 0x1200..<0x1400),
    ("parameter area", 0x10400..<0x10430), ("os_info", 0x20000..<0x20130),
    ("block", 0x25000..<0x250c8), ("lowcore_ptr", 0x28000..<0x28040),
    ("vmcoreinfo", 0x2a000..<0x2a100), ("second parameter area", 0x210400..<0x210430),
  ]

  @Test(
    "Whatever the records hold, the program answers, and the same twice",
    arguments: ["s390x-after", "s390x-6.12", "s390x-before"])
  func mutated(_ name: String) throws {
    let recipe = try OpenedRecipe(named: name)
    let sound = recipe.built.fileBytes()
    let isSwapped = recipe.built.recipe.moment == .after
    let seed: UInt64 = 390
    var random = SeededGenerator(seed: seed)
    for round in 0..<40 {
      var image = sound
      for _ in 0...Int.random(in: 0..<4, using: &random) {
        let record = try #require(Self.records.randomElement(using: &random))
        var address = UInt64.random(in: record.range, using: &random)
        if isSwapped, address < 0x100000 { address += 0x200000 }
        image[Int(address)] = Self.byte(&random)
      }
      let path = try recipe.directory.file(image, named: "mutated.bin")
      let first = answer(path)
      #expect(first == answer(path), "\(name), seed \(seed), round \(round)")
    }
  }

  @Test("An image that is cut at any page is refused or partial, and never a crash")
  func cut() throws {
    for name in ["s390x-after", "s390x-before"] {
      let recipe = try OpenedRecipe(named: name)
      let sound = recipe.built.fileBytes()
      for size in [
        1, 0x1fff, 0x2000, 0x10428, 0x20000, 0x20fff, 0x28008, 0x31000, 0x200000,
        0x200e18, 0x220800, 0x228004, 0x232000, 0x2ff000, 0x37ffff,
      ] {
        let path = try recipe.directory.file(Array(sound.prefix(size)), named: "cut.bin")
        _ = answer(path)
      }
    }
  }

  private func answer(_ path: String) -> String {
    do {
      let dump = try CrashDump(imageAt: path)
      let head = try dump.bytes(at: 0, count: 0x4000)
      return "\(dump.report.warningTexts) \(dump.size) \(head.reduce(0) { $0 &* 31 &+ Int($1) })"
    } catch {
      return "\(error)"
    }
  }

  private static func byte(_ random: inout SeededGenerator) -> UInt8 {
    [0, 0xff, 0x80, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
  }
}
