import Bytes
import Codecs
import DumpRecords
import MemoryImages
import TestConditions
import TestSupport
import Testing

@Suite("A kdump-compressed file as an image")
struct KdumpImageTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  private static func page(_ seed: UInt64, _ size: Int = 4096) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    return (0..<size).map { $0 % 3 == 0 ? UInt8(truncatingIfNeeded: generator.next()) : 7 }
  }

  /// A dump with every kind of page.
  private static func model(blockSize: Int = 4096) -> KdumpFileModel {
    var model = KdumpFileModel()
    model.blockSize = blockSize
    model.frames = 9000
    model.info = Array("OSRELEASE=6.1.0\nPAGESIZE=\(blockSize)\n".utf8)
    model.notes = RecipeNote(name: "VMCOREINFO", type: 0, content: model.info).encoded(.little)
    for frame in 16..<40 { model.pages[frame] = .zlib(page(UInt64(frame), blockSize)) }
    model.pages[17] = .raw([UInt8](repeating: 0, count: blockSize))
    model.pages[18] = .excluded
    model.pages[20] = .raw(page(20, blockSize))
    for frame in 8000..<8003 { model.pages[frame] = .zlib(page(UInt64(frame), blockSize)) }
    return model
  }

  private func open(
    _ bytes: [UInt8], parts: [[UInt8]] = [], mixes: Bool = false
  ) throws(ImageError) -> MemoryImage {
    var options = ImageOptions.withMachines
    options.mixesParts = mixes
    for (index, part) in parts.enumerated() {
      options.parts.append((try? directory.file(part, named: "part\(index)")) ?? "")
    }
    return try ImageFormat.open(path: directory.fileOrEmpty(bytes), options: options)
  }

  private func expectMemory(of model: KdumpFileModel, _ image: MemoryImage) throws {
    let size = model.blockSize
    for frame in model.pages.keys {
      #expect(
        try image.memory.bytes(at: UInt64(frame * size), count: size) == model.content(of: frame),
        "frame \(frame)")
    }
    let part = try image.memory.bytes(at: UInt64(16 * size) + 100, count: 5 * size)
    let whole = (16..<22).flatMap { model.content(of: $0) }
    #expect(part == Array(whole[100..<100 + 5 * size]))
  }

  @Test(
    "Pages of frames that the first bitmap lacks are said to be left out",
    arguments: [16, 20, 8002])
  func stray(_ frame: Int) throws {
    let model = Self.model()
    var bytes = model.bytes
    let table = try #require(model.offset(of: "offset", ofPage: 0))
    let bitmap = (model.frames / 8 + model.blockSize) / model.blockSize * model.blockSize
    bytes[table - 2 * bitmap + frame / 8] &= ~(1 << UInt8(frame % 8))
    let warnings = try open(bytes).warnings
    #expect(
      warnings.contains { $0.isPartial && $0.text.hasPrefix("the dump has 1 pages that its first") }
    )
    #expect(warnings.contains { $0.text.contains("leaves out 1 of 26 pages") })
    #expect(try !open(model.bytes).warnings.contains { $0.text.contains("first bitmap") })
  }

  @Test("of a machine that QEMU has no name for: the registers' size tells")
  func unnamedMachine() throws {
    for (size, machine) in [(392, 183), (376, 243), (400, 0)] as [(Int, UInt16)] {
      var model = Self.model(blockSize: 4096)
      model.machine = "Unknown"
      let status = RecipeNote(name: "CORE", type: 1, content: [UInt8](repeating: 0, count: size))
      model.notes = status.encoded(.little)
      let image = try open(model.bytes)
      #expect(image.stored?.header.header.machine.rawValue == machine)
      #expect(image.warnings.contains { $0.text.contains("'unknown'") } == (machine == 0))
    }
  }

  @Test(
    "of any layout, byte order and version",
    arguments: KdumpFileModel.Layout.allCases, [RecipeOrder.little, .big])
  func layouts(_ layout: KdumpFileModel.Layout, _ order: RecipeOrder) throws {
    for version in 1...6 as ClosedRange<UInt64> {
      for blockSize in [4096, 16384] {
        var model = Self.model(blockSize: blockSize)
        model.layout = layout
        model.order = order
        model.version = version
        model.machine = layout == .wide ? "ppc64" : layout == .packed ? "i686" : "armv7l"
        if version < 4 { model.notes = [] }
        if version < 3 { model.info = [] }
        model.notes =
          model.notes.isEmpty
          ? [] : RecipeNote(name: "VMCOREINFO", type: 0, content: model.info).encoded(order)
        let image = try open(model.bytes)
        #expect(image.format == "kdump-compressed")
        #expect(
          image.memory.regions.map(\.range) == [
            UInt64(16 * blockSize)..<UInt64(40 * blockSize),
            UInt64(8000 * blockSize)..<UInt64(8003 * blockSize),
          ], "version \(version), \(blockSize)")
        try expectMemory(of: model, image)
        #expect(image.stored?.header.elfClass.bits == (layout == .wide ? 64 : 32))
        #expect(image.stored?.header.segments.count == 3)
      }
    }
  }

  @Test("Pages that are left out are holes and are counted, and so is a page of zeros")
  func holes() throws {
    let image = try open(Self.model().bytes)
    #expect(
      image.warnings.map(\.text) == [
        "the dump leaves out 1 of 27 pages (dump level 31): they read as zeros"
      ])
    #expect(image.warnings.allSatisfy { !$0.isPartial })
    let source = try #require(image.memory.regions.first?.source)
    #expect(source.extent(at: 16 * 4096).isHole == false)
    let zeros = SourceExtent(isHole: true, end: 18 * 4096)
    #expect(source.extent(at: 17 * 4096) == zeros)
    for (start, end) in [(18, 19), (0, 16), (40, 4136), (4136, 8000)] as [(UInt64, UInt64)] {
      let leftOut = SourceExtent(isHole: true, isLeftOut: true, end: end * 4096)
      #expect(source.extent(at: start * 4096) == leftOut)
    }
    #expect(source.extent(at: 8000 * 4096) == SourceExtent(isHole: false, end: 8003 * 4096))
  }

  @Test("Pages that were promised and never written are counted, and make the dump partial")
  func incomplete() throws {
    var model = Self.model()
    model.status = 9
    model.pages[30] = .lost
    model.pages[31] = .lost
    let image = try open(model.bytes)
    #expect(image.warnings.filter(\.isPartial).count == 2)
    #expect(image.warnings.contains { $0.text.contains("2 pages are lost, at 0x1e000, 0x1f000") })
    try expectMemory(of: model, image)
  }

  @Test("The files of a split set are one dump; one that is not given is named")
  func split() throws {
    let whole = Self.model()
    let files = [0..<18, 18..<25, 25..<9000].map { range in
      var model = whole
      model.split = range
      return model.bytes
    }
    let image = try open(files[1], parts: [files[2], files[0]])
    try expectMemory(of: whole, image)
    #expect(image.warnings.count == 1)
    #expect(image.files.count == 3)
    let partial = try open(files[0], parts: [files[2]])
    #expect(
      partial.warnings.contains {
        $0.isPartial && $0.text.contains("[0x12000, 0x19000)")
          && $0.text.contains(": parts names the others")
      })
    #expect(partial.stored?.missing == [0x12000..<0x19000])
    #expect(try partial.memory.bytes(at: 20 * 4096, count: 4096)?.allSatisfy { $0 == 0 } == true)
    let twice = #expect(throws: ImageError.self) { try open(files[0], parts: [files[0]]) }
    #expect(twice?.kind == .usage)
    let other = #expect(throws: ImageError.self) { try open(files[0], parts: [whole.bytes]) }
    #expect(other?.description.contains("is no part of the split dump") == true)
  }

  private static func parts(_ ranges: [Range<Int>]) -> [KdumpFileModel] {
    ranges.map { range in
      var model = model()
      model.split = range
      return model
    }
  }

  @Test(
    "Parts of different crashes are refused with both values, and taken where that is asked for")
  func otherParts() throws {
    let parts = Self.parts([0..<20, 20..<9000])
    var changes: [(KdumpFileModel, String)] = [(parts[1], ""), (parts[1], ""), (parts[1], "")]
    changes[0].0.seconds += 7
    changes[0].1 = "timestamp is 1700000007.004096, expected 1700000000.004096"
    changes[1].0.release = "6.1.1"
    changes[1].1 = "release is '6.1.1', expected '6.1.0'"
    let info = "OSRELEASE=6.1.0\nPAGESIZE=4096\nCRASHTIME="
    var first = parts[0]
    Self.tell("\(info)1700000000\n", in: &first)
    for index in changes.indices { changes[index].0.info = first.info }
    for index in changes.indices { changes[index].0.notes = first.notes }
    Self.tell("\(info)1700000060\n", in: &changes[2].0)
    changes[2].1 = "CRASHTIME is 1700000060, expected 1700000000"
    for (part, difference) in changes {
      let error = #expect(throws: ImageError.self) { try open(first.bytes, parts: [part.bytes]) }
      #expect(error?.kind == .unusable, "\(difference)")
      #expect(error?.description.contains(difference) == true, "\(error?.description ?? "")")
      #expect(error?.description.contains("(mixesParts takes it all the same)") == true)
      let image = try open(first.bytes, parts: [part.bytes], mixes: true)
      #expect(image.warnings.contains { $0.text.contains(difference) && $0.isDamage })
      #expect(try image.memory.bytes(at: 25 * 4096, count: 4096) == part.content(of: 25))
    }
    #expect(throws: Never.self) { try open(first.bytes, parts: [parts[1].bytes]) }
  }

  /// Gives a dump another vmcoreinfo.
  private static func tell(_ text: String, in model: inout KdumpFileModel) {
    model.info = Array(text.utf8)
    model.notes = RecipeNote(name: "VMCOREINFO", type: 0, content: model.info).encoded(.little)
  }

  @Test("Parts without pages are read, also where the file ends inside its last bitmap")
  func emptyParts() throws {
    let whole = Self.model()
    let files = Self.parts([0..<9000, 9000..<9000, 9000..<9000]).map(\.bytes)
    let short = Array(files[1][...(files[1].lastIndex { $0 != 0 } ?? 0)])
    #expect(short.count < files[1].count && short.count > files[1].count - 4096)
    for order in [[files[0], short, files[2]], [short, files[2], files[0]]] {
      let image = try open(order[0], parts: Array(order[1...]))
      try expectMemory(of: whole, image)
      #expect(image.warnings.count == 1)
    }
    // A part that has pages, or lacks more, is none that anybody writes.
    #expect(throws: ImageError.self) { try open(Array(files[0].prefix(short.count))) }
    #expect(throws: ImageError.self) {
      try open(files[0], parts: [Array(short.dropLast(4096))])
    }
  }

  @Test("Parts may be flattened, each of them, in any order")
  func flattenedParts() throws {
    let whole = Self.model()
    let files = Self.parts([0..<18, 18..<25, 25..<9000]).map(\.bytes)
    let flat = files.map { FlattenedFileModel(shuffling: $0, seed: 5).bytes }
    for order in [
      [flat[0], files[1], flat[2]], [files[2], flat[0], flat[1]], [flat[1], flat[2], flat[0]],
    ] {
      try expectMemory(of: whole, open(order[0], parts: Array(order[1...])))
    }
  }

  @Test("Pages that are packed with lzo, snappy and zstd are read, also of 64 KiB")
  func forms() throws {
    if let lacking = PackedForm.zstd.lacking { return try OutsideTool.absent("\(lacking)") }
    for blockSize in [4096, 65_536] {
      var model = Self.model(blockSize: blockSize)
      let page = { SmallDumps.page($0, blockSize) }
      let mixed = { (seed: Int) in
        (0..<blockSize).map { UInt8(truncatingIfNeeded: $0 / 7 % 251 * seed) }
      }
      model.status = 0x27
      for frame in 21..<24 {
        model.pages[frame] = .lzo(mixed(frame))
        model.pages[frame + 3] = .snappy(mixed(frame))
      }
      model.pages[30] = .lzo(page(30))
      model.pages[31] = .snappy(page(31))
      model.pages[32] = .zstd(page(32))
      try expectMemory(of: model, try open(model.bytes))
    }
  }

  @Test("A page that is damaged in any form reads as zeros", arguments: [2, 4, 0x20])
  func damagedForm(_ flags: UInt64) throws {
    var model = Self.model()
    model.pages[22] = .packed(flags: flags, [1, 2, 3])
    let image = try open(model.bytes)
    #expect(try image.memory.bytes(at: 21 * 4096, count: 4096) == model.content(of: 21))
    if flags == 0x20, let lacking = PackedForm.zstd.lacking {
      return try OutsideTool.absent("\(lacking)")
    }
    let page = try image.memory.bytes(at: 22 * 4096, count: 4096)
    #expect(page?.allSatisfy { $0 == 0 } == true)
    #expect(image.damage?.count == 1)
  }

  @Test("A damaged page reads as zeros and is counted, once; the others are read")
  func damaged() throws {
    var model = Self.model()
    model.pages[22] = .packed(flags: 1, [0x78, 1, 2, 3, 4])
    let image = try open(model.bytes)
    let source = try #require(image.memory.regions.first?.source)
    #expect(image.damage?.count == 0)
    #expect(try image.memory.bytes(at: 21 * 4096, count: 4096) == model.content(of: 21))
    #expect(!source.isLost(22 * 4096..<23 * 4096))
    for _ in 0..<3 {
      #expect(
        try image.memory.bytes(at: 22 * 4096 + 5, count: 4000)?.allSatisfy { $0 == 0 } == true)
    }
    #expect(image.damage?.count == 1)
    #expect(source.isLost(22 * 4096..<23 * 4096))
    #expect(!source.isLost(22 * 4096..<24 * 4096))
    let extent = SourceExtent(isHole: false, isLeftOut: true, end: 23 * 4096)
    #expect(source.extent(at: 22 * 4096) == extent)
    for (flags, bytes) in [(1, []), (1, [UInt8](repeating: 1, count: 5000)), (0, [1])]
      as [(UInt64, [UInt8])]
    {
      model.pages[22] = .packed(flags: flags, bytes)
      let image = try open(model.bytes)
      #expect(image.damage?.finding?.text.contains("1 page is damaged, at 0x16000") == true)
      let page = try image.memory.bytes(at: 22 * 4096, count: 4096)
      #expect(page?.allSatisfy { $0 == 0 } == true)
      let leftOut = SourceExtent(isHole: true, isLeftOut: true, end: 23 * 4096)
      #expect(image.memory.regions.first?.source.extent(at: 22 * 4096) == leftOut)
    }
  }

  @Test("The flattened form of a dump is the dump")
  func flattened() throws {
    let model = Self.model()
    let flat = FlattenedFileModel(shuffling: model.bytes, seed: 9)
    let image = try open(flat.bytes)
    #expect(image.format == "flattened kdump-compressed")
    try expectMemory(of: model, image)
    var other = FlattenedFileModel()
    other.records = [(0, Array("something else".utf8))]
    #expect(throws: ImageError.self) { try open(other.bytes) }
  }

  @Test("Eight threads read the same pages")
  func threads() async throws {
    let model = Self.model()
    let image = try open(model.bytes)
    await withTaskGroup(of: Bool.self) { group in
      for seed in 0..<8 as Range<UInt64> {
        group.addTask {
          var generator = SeededGenerator(seed: seed)
          return (0..<100).allSatisfy { _ in
            let frame = Int.random(in: 16..<39, using: &generator)
            let inside = Int.random(in: 0..<4096, using: &generator)
            let both = model.content(of: frame) + model.content(of: frame + 1)
            let found = try? image.memory.bytes(at: UInt64(frame * 4096 + inside), count: 4096)
            return found == Array(both[inside..<inside + 4096])
          }
        }
      }
      for await isEqual in group { #expect(isEqual) }
    }
  }
}
