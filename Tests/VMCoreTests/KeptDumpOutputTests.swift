import Foundation
import TestSupport
import Testing
import VMCore

@Suite("A dump that is kept, written as a kdump-compressed file")
struct KeptDumpOutputTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  private func kdump(of dump: CrashDump, named name: String) throws -> [UInt8] {
    var output = OutputOptions()
    output.format = .kdump
    output.engine = "zlib"
    output.workers = 1
    try dump.write(toFileAt: directory.path(name), as: output)
    return try [UInt8](Data(contentsOf: URL(fileURLWithPath: directory.path(name))))
  }

  /// Whether everything is equal but the number of CPUs: a dump has notes of those alone that
  /// saved registers.
  private func isEqual(_ file: [UInt8], _ expected: KdumpModel) -> Bool {
    guard var model = KdumpModel(file) else { return false }
    model.processors = expected.processors
    return model == expected
  }

  @Test(
    "Our own vmcore, or a kdump-compressed file of it, holds what a file of the image holds",
    arguments: RecipeFiles.names)
  func loop(_ name: String) throws {
    let recipe = try RecipeDump(named: name)
    guard recipe.built.recipe.expectation.status == 0 else { return }
    let first = try recipe.open()
    guard first.size < 8 << 20, first.report.system.release != nil else { return }
    let expected = try #require(KdumpModel(kdump(of: first, named: "expected")))
    let vmcore = try CrashDump(imageAt: directory.file(first.allBytes(), named: "vmcore"))
    let isSameOfELF = try isEqual(kdump(of: vmcore, named: "of-elf"), expected)
    #expect(isSameOfELF)
    let packed = try CrashDump(imageAt: directory.path("expected"))
    #expect(packed.report.header.isKept)
    let isSameOfKdump = try isEqual(kdump(of: packed, named: "of-kdump"), expected)
    #expect(isSameOfKdump)
  }

  @Test("Memory that a load promises and does not hold is left out, not taken from what follows")
  func shortLoad() throws {
    let text = Array("OSRELEASE=6.1.0\nPAGESIZE=4096\n".utf8)
    let note = RecipeNote(name: "VMCOREINFO", type: 0, content: text).encoded(.little)
    var model = ELFFileModel([
      .note(note), .load(0x1000, [UInt8](repeating: 1, count: 0x1000), memory: 0x2000),
      .load(0x9000, [UInt8](repeating: 2, count: 0x1000)),
    ])
    model.alignment = 4096
    let dump = try CrashDump(imageAt: directory.file(model.bytes))
    #expect(dump.report.header.isKept)
    let file = try #require(KdumpModel(kdump(of: dump, named: "k")))
    #expect(file.existing == [1, 2, 9])
    #expect(file.stored == [1, 9])
    #expect(file.pages[9]?.allSatisfy { $0 == 2 } == true)
    #expect(file.notes.starts(with: note))
    #expect(file.information == text)
    #expect(file.release == "6.1.0")
  }
}
