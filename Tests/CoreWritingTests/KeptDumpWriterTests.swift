import Codecs
import CoreWriting
import DumpRecords
import TestSupport
import Testing

@Suite("A dump that is kept, written as a kdump-compressed file")
struct KeptDumpWriterTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
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
    let image = try RecipeFiles.image(name)
    let expectation = image.recipe.expectation
    guard expectation.status == 0, expectation.arguments.isEmpty else { return }
    // A dump is read with the page size of its vmcoreinfo, whatever the second kernel's was.
    guard image.recipe.corePageSize == image.recipe.pageSize else { return }
    try image.write(to: directory.path("image"))
    let first = try PlannedCrash(imageAt: directory.path("image"))
    guard first.plan.size < 8 << 20, first.release != nil else { return }
    let packed = try first.kdump()
    let expected = try #require(KdumpModel(packed))
    let elf = try first.elf()
    let vmcore = try PlannedCrash(imageAt: directory.file(elf, named: "vmcore"))
    let isSameOfELF = try isEqual(vmcore.kdump(), expected)
    #expect(isSameOfELF)
    let kept = try PlannedCrash(imageAt: directory.file(packed, named: "packed"))
    #expect(kept.isKept)
    let isSameOfKdump = try KdumpModel(kept.kdump()) == expected
    #expect(isSameOfKdump)
  }

  @Test("Of an s390x machine an ELF file of it is the second kernel's own")
  func s390() throws {
    try RecipeFiles.image("s390x-before").write(to: directory.path("image"))
    let first = try PlannedCrash(imageAt: directory.path("image"))
    #expect(first.plan.header.segments(of: .load).allSatisfy { $0.segment.alignment == 4096 })
    let kept = try PlannedCrash(imageAt: directory.file(first.kdump(), named: "packed"))
    #expect(try kept.elf() == first.elf())
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
      let dump = try PlannedCrash(imageAt: directory.file(model.bytes, named: "old"))
      let copy = try #require(KdumpModel(dump.kdump()))
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
    let dump = try PlannedCrash(imageAt: directory.file(model.bytes))
    #expect(dump.isKept)
    let file = try #require(KdumpModel(dump.kdump()))
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
    let dump = try PlannedCrash(imageAt: directory.file(model.bytes))
    let bytes = try dump.kdump()
    let file = try #require(KdumpModel(bytes))
    let existsAsBefore = file.existing == Set(model.pages.keys.map { UInt64($0) })
    #expect(existsAsBefore)
    let isStoredAsBefore = file.stored == Set(expected.keys)
    #expect(isStoredAsBefore)
    let isSame = file.pages == expected
    #expect(isSame)
    #expect(file.status & 8 == (hasLost ? 8 : 0))  // DUMP_DH_COMPRESSED_INCOMPLETE
    let isSameOfThree = try dump.kdump(workers: 3) == bytes
    #expect(isSameOfThree)
    let parts = try dump.kdumpSet(splitAt: 90_000)
    #expect(parts.allSatisfy { $0.count <= 90_000 })
    let joined = parts.reduce(into: [UInt64: [UInt8]]()) { pages, part in
      pages.merge(KdumpModel(part)?.pages ?? [:]) { first, _ in first }
    }
    let isSameOfSet = joined == expected
    #expect(isSameOfSet)
  }
}
