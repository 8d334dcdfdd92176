import TestSupport
import Testing
import VMCore

@Suite("Memory that its owner has encrypted")
struct EncryptionTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  private static let noise: [UInt8] = {
    var generator = SeededGenerator(seed: 77)
    return (0..<1 << 18).flatMap { _ in
      let word: UInt64 = generator.next()
      return (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
    }
  }()

  private func failure(
    _ bytes: [UInt8], _ change: (inout CrashDumpOptions) -> Void = { _ in }
  ) -> VMCoreError? {
    #expect(throws: VMCoreError.self) {
      var options = CrashDumpOptions()
      change(&options)
      _ = try CrashDump(imageAt: directory.file(bytes), options: options)
    }
  }

  @Test("is told by its noise, and no dump of it is offered or made")
  func noise() throws {
    var bytes = Self.noise + [UInt8](repeating: 0, count: 1 << 22)
    bytes.replaceSubrange(4096..<8192, with: [UInt8](repeating: 7, count: 4096))
    let error = try #require(failure(bytes))
    #expect(error.kind == .unusable)
    let hints = error.hints.map(\.description)
    #expect(hints.contains { $0.hasPrefix("seen: its bytes have no structure") })
    #expect(!hints.contains { $0.contains("dumps all memory") })
    let forced = try #require(
      failure(bytes) {
        $0.fallback.mode = .standalone
        $0.fallback.architecture = Architecture(rawValue: "x86_64")
      })
    #expect(forced.description.contains("no vmcore is made of it: its bytes have no structure"))
    let status = RecipeNote(name: "CORE", type: 1, content: [UInt8](repeating: 7, count: 336))
    let core = ELFFileModel([
      .note(status.encoded(.little)), .load(0x100000, Self.noise),
    ])
    #expect(failure(core.bytes)?.description.contains("no vmcore is made of it") == true)
  }

  @Test("may read as zeros from outside, which is said; other images are offered a dump")
  func zeros() throws {
    var bytes = [UInt8](repeating: 0, count: 1 << 23)
    bytes[5000] = 1
    let hints = failure(bytes)?.hints.map(\.description) ?? []
    #expect(hints.contains { $0.hasPrefix("seen: nearly all of it is zero") })
    for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index / 64) }
    let usual = failure(bytes)?.hints.map(\.description) ?? []
    #expect(usual.contains { $0.contains("dumps all memory") })
    #expect(!usual.contains { $0.hasPrefix("seen") })
  }

  @Test("leaves its mask in vmcoreinfo, which is said and is no damage")
  func mask() throws {
    let recipe = try OpenedRecipe(
      named: "x86_64-kernel-after", adding: "info NUMBER(sme_mask)=140737488355328")
    let dump = try recipe.open { $0.isStrict = true }
    #expect(
      dump.report.warningTexts.contains { $0.contains("vmcoreinfo has sme_mask 0x800000000000") })
    let none = try OpenedRecipe(
      named: "x86_64-kernel-after", adding: "info NUMBER(sme_mask)=0")
    #expect(try none.open().report.warningTexts.allSatisfy { !$0.contains("sme_mask") })
  }
}
