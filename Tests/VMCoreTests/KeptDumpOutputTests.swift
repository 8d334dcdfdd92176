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

  /// Whether everything is equal but the number of CPUs: an ELF core has notes of those alone
  /// that saved registers.
  private func isEqual(_ file: [UInt8], _ expected: KdumpModel) -> Bool {
    guard var model = KdumpModel(file) else { return false }
    model.processors = expected.processors
    return model == expected
  }

  @Test(
    "Our own vmcore, or a kdump-compressed file of it, holds what a file of the image holds",
    arguments: RecipeFiles.names)
  func loop(_ name: String) throws {
    let recipe = try OpenedRecipe(named: name)
    guard recipe.built.recipe.expectation.status == 0 else { return }
    let first = try recipe.open()
    guard first.size < 8 << 20, first.report.system.release != nil else { return }
    let expected = try #require(KdumpModel(kdump(of: first, named: "expected")))
    let vmcore = try CrashDump(imageAt: directory.file(first.allBytes(), named: "vmcore"))
    let isSameOfELF = try isEqual(kdump(of: vmcore, named: "of-elf"), expected)
    #expect(isSameOfELF)
    let packed = try CrashDump(imageAt: directory.path("expected"))
    #expect(packed.report.header.isKept)
    let isSameOfKdump = try KdumpModel(kdump(of: packed, named: "of-kdump")) == expected
    #expect(isSameOfKdump)
  }

  @Test("What its headers alone tell of the machine stays, where there are no notes either")
  func machine() throws {
    for layout in KdumpFileModel.Layout.allCases {
      var model = KdumpFileModel()
      model.layout = layout
      model.machine = layout == .wide ? "x86_64" : layout == .packed ? "i686" : "armv7l"
      model.pages = [3: .zlib([UInt8](repeating: 3, count: 4096))]
      model.processors = 5
      model.physicalBase = 0x1234_5000
      let dump = try CrashDump(imageAt: directory.file(model.bytes, named: "old"))
      let copy = try #require(KdumpModel(kdump(of: dump, named: "\(layout)")))
      #expect(copy.release == "6.1.0")
      #expect(copy.machine == model.machine)
      #expect(copy.processors == 5)
      #expect(copy.physicalBase == 0x1234_5000)
      #expect(copy.pages[3]?.allSatisfy { $0 == 3 } == true)
    }
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

  @Test(
    "Pages that a filter left out stay left out, as do those that are lost; no zeros take their place",
    arguments: [false, true])
  func leftOut(_ hasLost: Bool) throws {
    var generator = SeededGenerator(seed: hasLost ? 8 : 7)
    var model = KdumpFileModel()
    model.notes = RecipeNote(name: "CORE", type: 1, content: [1, 2, 3, 4]).encoded(.little)
    model.frames = 3000
    var expected: [UInt64: [UInt8]] = [:]
    var kind = 0
    for frame in 1..<3000 where frame / 700 != 1 {
      // Runs of each kind, the shortest of one page.
      if Int.random(in: 0..<12, using: &generator) == 0 {
        kind = Int.random(in: 0..<5, using: &generator)
      }
      let page = [UInt8](repeating: kind == 2 ? 0 : UInt8.random(in: 1...9), count: 4096)
      let isKept = kind < 3
      model.pages[frame] =
        kind == 3 || (kind == 4 && !hasLost)
        ? .excluded : kind == 4 ? .lost : kind == 0 ? .raw(page) : .zlib(page)
      if isKept { expected[UInt64(frame)] = page }
    }
    let dump = try CrashDump(imageAt: directory.file(model.bytes))
    let bytes = try kdump(of: dump, named: "k")
    let file = try #require(KdumpModel(bytes))
    let existsAsBefore = file.existing == Set(model.pages.keys.map { UInt64($0) })
    #expect(existsAsBefore)
    let isStoredAsBefore = file.stored == Set(expected.keys)
    #expect(isStoredAsBefore)
    let isSame = file.pages == expected
    #expect(isSame)
    #expect(file.status & 8 == (hasLost ? 8 : 0))  // DUMP_DH_COMPRESSED_INCOMPLETE
    var output = OutputOptions()
    output.format = .kdump
    output.engine = "zlib"
    output.workers = 3
    try dump.write(toFileAt: directory.path("k3"), as: output)
    let again = try [UInt8](Data(contentsOf: URL(fileURLWithPath: directory.path("k3"))))
    let isSameOfThree = again == bytes
    #expect(isSameOfThree)
    output.splitSize = 90_000
    try dump.write(toFileAt: directory.path("set"), as: output)
    var joined: [UInt64: [UInt8]] = [:]
    for number in 1... {
      let path = directory.path("set.\(number)")
      guard let part = FileManager.default.contents(atPath: path) else { break }
      #expect(part.count <= 90_000)
      joined.merge(KdumpModel([UInt8](part))?.pages ?? [:]) { first, _ in first }
    }
    let isSameOfSet = joined == expected
    #expect(isSameOfSet)
  }
}
