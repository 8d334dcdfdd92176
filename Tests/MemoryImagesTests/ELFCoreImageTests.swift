import Bytes
import DumpRecords
import MemoryImages
import TestSupport
import Testing

@Suite("An ELF core file as an image")
struct ELFCoreImageTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  private func open(_ bytes: [UInt8]) throws -> MemoryImage {
    try ImageFormat.open(path: directory.file(bytes), options: ImageOptions(machines: []))
  }

  private func page(_ value: UInt8, _ count: Int = 4096) -> [UInt8] {
    [UInt8](repeating: value, count: count)
  }

  private static let note = RecipeNote(
    name: "VMCOREINFO", type: 0, content: Array("OSRELEASE=6.1.0\n".utf8))

  @Test(
    "of any class and byte order, with loads in any order and the table anywhere",
    arguments: [32, 64], [RecipeOrder.little, .big])
  func shapes(_ bits: Int, _ order: RecipeOrder) throws {
    for gap in [0, 128] {
      var model = ELFFileModel([
        .load(0x9000, page(9)), .note(Self.note.encoded(order)), .load(0x1000, page(1, 0x1800)),
        .note(RecipeNote(name: "CORE", type: 1, content: page(5, 336)).encoded(order)),
      ])
      model.bits = bits
      model.order = order
      model.gap = gap
      model.headerSize = gap == 0 ? nil : 8
      let image = try open(model.bytes)
      #expect(image.format == "ELF core")
      #expect(image.memory.regions.map(\.range) == [0x1000..<0x2800, 0x9000..<0xa000])
      #expect(try image.memory.bytes(at: 0x27ff, count: 1) == [1])
      #expect(try image.memory.bytes(at: 0x9000, count: 4096) == page(9))
      #expect(image.stored?.isWellPlaced == false)
      #expect(image.stored?.header.elfClass.bits == bits)
      #expect(image.warnings.isEmpty)
    }
  }

  @Test("whose e_phoff is wrong: the table is the one behind the file header")
  func wrongTableOffset() throws {
    var model = ELFFileModel([.note(Self.note.encoded(.little)), .load(0x1000, page(1))])
    model.tableOffset = 0x10_0000
    #expect(try open(model.bytes).memory.regions.map(\.range) == [0x1000..<0x2000])
    model.tableOffset = 0
    #expect(try open(model.bytes).memory.regions.map(\.range) == [0x1000..<0x2000])
  }

  @Test("that its writer could not finish: its mark and the empty entries of its table are said")
  func incomplete() throws {
    var model = ELFFileModel([
      .note(Self.note.encoded(.little)), .load(0x1000, page(1)), .null, .null,
    ])
    model.alignment = 4096
    let empty = try open(model.bytes)
    #expect(
      empty.warnings.map(\.text) == [
        "2 of 4 program headers are empty (PT_NULL): the memory that they were for is lost"
      ])
    model.flags = 1
    model.segments.removeLast(2)
    let marked = try open(model.bytes)
    #expect(
      marked.warnings.map(\.text) == ["the dump is marked as incomplete by whoever wrote it"])
    #expect((empty.warnings + marked.warnings).allSatisfy { $0.isPartial })
    #expect(try marked.memory.bytes(at: 0x1000, count: 4096) == page(1))
  }

  @Test("with overlapping loads: the first one wins")
  func overlap() throws {
    let model = ELFFileModel([
      .load(0x2000, page(2)), .load(0x1000, page(1, 0x3000)), .load(0x2800, page(3)),
    ])
    let image = try open(model.bytes)
    #expect(try image.memory.bytes(at: 0x1fff, count: 2) == [1, 2])
    #expect(try image.memory.bytes(at: 0x2fff, count: 2) == [2, 1])
    #expect(try image.memory.bytes(at: 0x3800, count: 2) == [1, 1])
    #expect(image.memory.end == 0x4000)
  }

  @Test("with more memory than data in a load: the rest is not in the image")
  func sparse() throws {
    let image = try open(ELFFileModel([.load(0x1000, page(1), memory: 0x4000)]).bytes)
    #expect(image.memory.regions.map(\.range) == [0x1000..<0x2000])
    #expect(image.stored?.header.segments.first?.memorySize == 0x4000)
    #expect(image.warnings.isEmpty)
  }

  @Test("that ends inside a load: what is there is read, what is not is named")
  func truncated() throws {
    let whole = ELFFileModel([
      .note(Self.note.encoded(.little)), .load(0x1000, page(1)), .load(0x8000, page(2, 0x2000)),
    ]).bytes
    let image = try open(whole.dropLast(0x1800))
    #expect(image.memory.regions.map(\.range) == [0x1000..<0x2000, 0x8000..<0x8800])
    #expect(image.stored?.missing == [0x8800..<0xa000])
    #expect(image.stored?.header.segments.last?.fileSize == 0x800)
    #expect(image.warnings.map(\.isPartial) == [true])
    #expect(image.warnings.first?.text.contains("[0x8800, 0xa000)") == true)
  }

  @Test("with the number of its program headers in a section header", arguments: [32, 64])
  func extendedCount(_ bits: Int) throws {
    var model = ELFFileModel(
      [.note(Self.note.encoded(.little))]
        + (0..<70_000).map { .load(UInt64($0) * 16, $0 % 1000 == 0 ? [1, 2] : []) })
    model.bits = bits
    model.hasExtendedCount = true
    let image = try open(model.bytes)
    #expect(image.memory.regions.count == 70)
    let last: Range<UInt64> = 1_104_000..<1_104_002
    #expect(image.memory.regions.last?.range == last)
  }

  @Test("that is as the kernel writes it stands at its place, and nothing else does")
  func placed() throws {
    var model = ELFFileModel([
      .note(Self.note.encoded(.little)), .load(0x2000, page(2)), .load(0x1000, page(1)),
    ])
    model.alignment = 4096
    #expect(try open(model.bytes).stored?.isWellPlaced == true)
    model.headerSize = 8
    #expect(try open(model.bytes).stored?.isWellPlaced == false)
    model.headerSize = nil
    model.segments.swapAt(0, 1)
    #expect(try open(model.bytes).stored?.isWellPlaced == false)
    model.segments.swapAt(0, 1)
    model.segments.append(.note(Self.note.encoded(.little)))
    #expect(try open(model.bytes).stored?.isWellPlaced == false)
  }

  @Test("A load that no machine can have is left out, notes beyond any size are refused")
  func impossible() throws {
    for size in [1 << 63, UInt64.max, 1 << 57] {
      let image = try open(
        ELFFileModel([.load(0x1000, page(1)), .load(0x8000, page(2), file: size)]).bytes)
      #expect(image.memory.regions.map(\.range) == [0x1000..<0x2000])
      #expect(image.warnings.map(\.isPartial) == [true])
    }
    let error = #expect(throws: ImageError.self) {
      try open(ELFFileModel([.note([1], file: 1 << 63), .load(0x1000, page(1))]).bytes)
    }
    #expect(error?.description.contains("claims 0x8000000000000000 bytes") == true)
    #expect(throws: ImageError.self) { try open(ELFFileModel([.note([1])]).bytes) }
  }

  @Test("Where raw memory would lie is not for a dump, whose headers say it")
  func layout() throws {
    var options = ImageOptions(machines: [])
    options.base = 0x1000
    let path = try directory.file(ELFFileModel([.load(0x1000, page(1))]).bytes)
    let error = #expect(throws: ImageError.self) {
      try ImageFormat.open(path: path, options: options)
    }
    #expect(error?.kind == .usage)
    options = ImageOptions(machines: [])
    options.parts = [path]
    let parts = #expect(throws: ImageError.self) {
      try ImageFormat.open(path: path, options: options)
    }
    #expect(parts?.description.hasPrefix("parts \(path): goes with") == true)
  }
}

extension TemporaryDirectory {
  /// A file with these bytes; the empty name where it cannot be written.
  func fileOrEmpty(_ bytes: [UInt8]) -> String { (try? file(bytes)) ?? "" }
}
