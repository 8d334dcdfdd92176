import TestSupport
import Testing
import VMCore

@Suite("A damaged page of a dump")
struct DamagedPageTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  /// Frames whose descriptor cannot be one.
  private static let told: Set<UInt64> = [22, 23, 24, 1000]
  /// Frames whose bytes are no stream of a page.
  private static let found: Set<UInt64> = [30, 31, 600, 601, 602, 2900]
  /// Frames whose bytes lie behind the end of the file.
  private static let lost: Set<UInt64> = [2998]
  private static var all: Set<UInt64> { told.union(found).union(lost) }

  /// A dump of which some pages are damaged, in every way.
  static func model() -> KdumpFileModel {
    var model = KdumpFileModel()
    model.frames = 3000
    model.info = Array("OSRELEASE=6.1.0\nPAGESIZE=4096\nCRASHTIME=1700000000\n".utf8)
    model.notes =
      RecipeNote(name: "CORE", type: 1, content: [UInt8](repeating: 7, count: 336)).encoded(.little)
      + RecipeNote(name: "VMCOREINFO", type: 0, content: model.info).encoded(.little)
    var generator = SeededGenerator(seed: 41)
    for frame in 16..<2999 where frame / 500 != 3 {
      let page = (0..<4096).map { $0 % 64 == 0 ? UInt8.random(in: 1...255, using: &generator) : 7 }
      model.pages[frame] =
        frame % 7 == 0
        ? .raw([UInt8](repeating: 0, count: 4096)) : frame % 5 == 0 ? .raw(page) : .zlib(page)
    }
    let stream = KdumpFileModel.deflated([UInt8](repeating: 5, count: 4096))
    model.pages[22] = .packed(flags: 1, [])
    model.pages[23] = .packed(flags: 1, [UInt8](repeating: 1, count: 5000))
    model.pages[24] = .packed(flags: 0, [1, 2, 3])
    model.pages[1000] = .packed(flags: 0, [UInt8](repeating: 3, count: 4097))
    model.pages[30] = .packed(flags: 1, [0x78, 1, 2, 3, 4])
    model.pages[31] = .packed(flags: 1, [UInt8](repeating: 0xff, count: 4096))
    model.pages[600] = .packed(flags: 1, Array(stream.dropLast(5)))
    model.pages[601] = .packed(flags: 1, KdumpFileModel.deflated([1, 2, 3]))
    model.pages[602] = .packed(
      flags: 1, KdumpFileModel.deflated([UInt8](repeating: 9, count: 4097)))
    model.pages[2900] = .packed(flags: 1, stream.dropLast() + [stream.last.map { $0 ^ 1 } ?? 0])
    model.pages[2998] = .raw([UInt8](repeating: 6, count: 4096))
    return model
  }

  /// The file; its last page is cut.
  private static var bytes: [UInt8] { model().bytes.dropLast(10) }

  private func open(
    _ bytes: [UInt8] = bytes, _ change: (inout CrashDumpOptions) -> Void = { _ in }
  ) throws -> CrashDump {
    var options = CrashDumpOptions()
    change(&options)
    return try CrashDump(imageAt: directory.file(bytes), options: options)
  }

  /// What the model holds of a frame; zeros where that is damaged.
  private static func content(of frame: UInt64, in model: KdumpFileModel) -> [UInt8] {
    all.contains(frame) ? [UInt8](repeating: 0, count: 4096) : model.content(of: Int(frame))
  }

  @Test("costs that page: zeros in the vmcore, one warning that counts all and names the first")
  func elf() throws {
    let dump = try open()
    #expect(dump.report.isPartial)
    // What the search has read already is counted with what the table tells.
    #expect(dump.report.warningTexts.contains { $0.contains("pages are damaged") })
    #expect(
      dump.report.warningTexts.contains {
        $0.contains("1 page is lost, at 0xbb6000: it reads as zeros")
      })
    let model = Self.model()
    let bytes = try dump.allBytes()
    for load in dump.report.vmcore.loads {
      for place in stride(from: 0, to: load.size, by: 4096) {
        let start = Int(load.offset + place)
        let expected = Self.content(of: (load.physicalAddress + place) / 4096, in: model)
        let isSame = bytes[start..<start + 4096].elementsEqual(expected)
        #expect(isSame, "page at \(load.physicalAddress + place)")
      }
    }
    let said = Self.said(of: dump)
    #expect(
      said.contains(
        "10 pages are damaged, the first at 0x16000, 0x17000, 0x18000, 0x1e000, 0x1f000, 0x258000, "
          + "0x259000, 0x25a000: they read as zeros"), "\(said)")
  }

  /// What was said of damaged pages last.
  private static func said(of dump: CrashDump) -> String {
    (dump.report.warningTexts + dump.lateWarnings.map(\.description))
      .last { $0.contains("damaged") } ?? ""
  }

  private func output(_ change: (inout OutputOptions) -> Void = { _ in }) -> OutputOptions {
    var output = OutputOptions()
    output.format = .kdump
    change(&output)
    return output
  }

  private func expectLeftOut(_ files: [[UInt8]]) throws {
    let models = try files.map { try #require(KdumpModel($0)) }
    let source = Self.model()
    let existing = Set(source.pages.keys.map { UInt64($0) })
    for model in models {
      #expect(model.existing == existing)
      #expect(model.stored == existing.subtracting(Self.all))
      #expect(model.status & 8 == 8)  // DUMP_DH_COMPRESSED_INCOMPLETE
    }
    let pages = models.reduce(into: [UInt64: [UInt8]]()) { pages, model in
      pages.merge(model.pages) { first, _ in first }
    }
    let isSame =
      pages
      == Dictionary(
        uniqueKeysWithValues: existing.subtracting(Self.all).map {
          ($0, source.content(of: Int($0)))
        })
    #expect(isSame)
  }

  @Test("is left out of a kdump-compressed file, by any number of workers", arguments: [1, 3])
  func kdump(_ workers: Int) throws {
    let dump = try open()
    let output = output { $0.workers = workers }
    try dump.write(toFileAt: directory.path("out"), as: output)
    try expectLeftOut([directory.bytes(of: "out")])
    // Once it is known it is not counted twice, and has no place in the table.
    try dump.write(toFileAt: directory.path("again"), as: output)
    try expectLeftOut([directory.bytes(of: "again")])
    #expect(Self.said(of: dump).contains("10 pages are damaged"))
  }

  @Test("is left out of every file of a split set, and of a flattened file")
  func sets() throws {
    try open().write(toFileAt: directory.path("out"), as: output { $0.splitSize = 200_000 })
    let names = directory.names.filter { $0.hasPrefix("out.") }
    #expect(names.count > 2)
    try expectLeftOut(try names.map { try directory.bytes(of: $0) })
    try open().write(toFileAt: directory.path("flat"), as: output { $0.isFlattened = true })
    let flat = try #require(FlattenedModel(directory.bytes(of: "flat")))
    #expect(flat.isWhole)
    try expectLeftOut([flat.content])
  }

  @Test("that nothing but its bytes tells makes the copy incomplete, too")
  func onlyFound() throws {
    var model = KdumpFileModel()
    model.info = Self.model().info
    model.notes = Self.model().notes
    model.pages = [
      3: .zlib([UInt8](repeating: 3, count: 4096)), 4: .packed(flags: 1, [0x78, 1, 2]),
      9: .zlib([UInt8](repeating: 9, count: 4096)),
    ]
    let dump = try open(model.bytes)
    try dump.write(toFileAt: directory.path("out"), as: output())
    let copy = try #require(KdumpModel(directory.bytes(of: "out")))
    #expect(copy.stored == [3, 9])
    #expect(copy.status & 8 == 8)
    #expect(copy.pages[9]?.allSatisfy { $0 == 9 } == true)
  }

  @Test("is refused by a strict run before anything is written, whatever tells of it")
  func strict() throws {
    #expect(throws: VMCoreError.self) { try open { $0.isStrict = true } }
    var model = Self.model()
    for frame in Self.told.union(Self.lost) { model.pages[Int(frame)] = nil }
    let error = #expect(throws: VMCoreError.self) { try open(model.bytes) { $0.isStrict = true } }
    #expect(error?.kind == .unusable)
    #expect(error?.description.contains("6 pages are damaged, at 0x1e000") == true)
    for frame in Self.found { model.pages[Int(frame)] = nil }
    let sound = try open(model.bytes) { $0.isStrict = true }
    #expect(!sound.report.isPartial)
  }

  @Test("of a dump that is rebuilt costs that page as well")
  func rebuilt() throws {
    let recipe = try OpenedRecipe(named: "x86_64-kernel-after")
    let elf = try recipe.open()
    // A dump of the machine's whole memory, as a hypervisor makes it.
    var model = KdumpFileModel()
    let built = recipe.built
    let end = built.extents.map(\.range.upperBound).max() ?? 0
    model.frames = Int(end / 4096)
    for extent in built.extents {
      for place in stride(from: extent.range.lowerBound / 4096, to: end / 4096, by: 1)
      where extent.range.contains(place * 4096) {
        model.pages[Int(place)] = .raw(built.memory.read(place * 4096, 4096))
      }
    }
    let first = try #require(elf.report.vmcore.loads.max { $0.size < $1.size })
    let frame = (first.physicalAddress + first.size / 2) / 4096
    model.pages[Int(frame)] = .packed(flags: 1, [0x78, 1, 2, 3])
    let dump = try open(model.bytes) { $0.isRebuilding = true }
    #expect(!dump.report.header.isKept)
    var expected = try elf.allBytes()
    for load in elf.report.vmcore.loads
    where (load.physicalAddress..<load.physicalAddress + load.size).contains(frame * 4096) {
      let place = Int(load.offset + frame * 4096 - load.physicalAddress)
      for index in place..<place + 4096 { expected[index] = 0 }
    }
    #expect(try dump.allBytes() == expected)
    try dump.write(toFileAt: directory.path("out"), as: output())
    let copy = try #require(KdumpModel(directory.bytes(of: "out")))
    #expect(copy.existing.contains(frame) && !copy.stored.contains(frame))
    #expect(copy.status & 8 == 8)
    #expect(dump.report.isPartial || !dump.lateWarnings.isEmpty)
  }
}
