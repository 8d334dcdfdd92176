import Bytes
import MemoryImages
import TestSupport
import Testing

@Suite("A flattened file")
struct FlattenedSourceTests {
  private func source(_ model: FlattenedFileModel) throws -> FlattenedSource {
    try FlattenedSource(ByteArraySource(model.bytes, name: "flat"))
  }

  private static func content(_ count: Int, seed: UInt64) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
  }

  @Test("is the file again, in whatever order its records come", arguments: [1, 2, 3, 4, 5])
  func shuffled(_ seed: UInt64) throws {
    let content = Self.content(200_000, seed: seed)
    let source = try source(FlattenedFileModel(shuffling: content, seed: seed))
    #expect(source.size == 200_000)
    #expect(source.warnings.isEmpty)
    #expect(try source.bytes(at: 0, count: 300_000) == content)
    #expect(try source.bytes(at: 12_345, count: 50_000) == Array(content[12_345..<62_345]))
  }

  @Test("has holes where no record is")
  func holes() throws {
    var model = FlattenedFileModel()
    model.records = [(0x3000, [1, 2, 3]), (0x1000, [4])]
    let source = try source(model)
    #expect(source.size == 0x3003)
    #expect(try source.bytes(at: 0xfff, count: 3) == [0, 4, 0])
    #expect(source.extent(at: 0) == SourceExtent(isHole: true, end: 0x1000))
    #expect(source.extent(at: 0x1000) == SourceExtent(isHole: false, end: 0x1001))
    #expect(source.extent(at: 0x1001) == SourceExtent(isHole: true, end: 0x3000))
  }

  @Test("may lack its end marker, and may end inside a record")
  func cut() throws {
    var model = FlattenedFileModel()
    model.records = [(0, [1, 2, 3, 4])]
    model.hasEnd = false
    let whole = try source(model)
    #expect(whole.warnings.map(\.isPartial) == [true])
    #expect(whole.warnings.first?.text.contains("no end marker") == true)
    let bytes = model.bytes
    let cut = try FlattenedSource(ByteArraySource(bytes.dropLast(3), name: "flat"))
    #expect(cut.warnings.map(\.isPartial) == [true])
    #expect(try cut.bytes(at: 0, count: 9) == [1])
  }

  @Test("of something else is refused, also where it comes through a pipe")
  func somethingElse() throws {
    var model = FlattenedFileModel()
    model.records = [(0, [UInt8](repeating: 7, count: 5000))]
    let directory = try TemporaryDirectory()
    let path = try directory.file(model.bytes)
    for open in [
      { try ImageFormat.open(path: path, options: ImageOptions(machines: [])) },
      { try Pipe.open(model.bytes) },
    ] {
      let error = #expect(throws: ImageError.self) { try open() }
      #expect(error?.kind == .unusable)
      #expect(error?.description.contains("flattened file of something else") == true)
    }
  }

  @Test("in a pipe is raw memory as it stands where the user says so, as a file is")
  func rawStream() throws {
    var options = ImageOptions(machines: [])
    options.format = .raw
    let bytes = FlattenedFileModel(leavingOutZerosOf: Self.content(100, seed: 1)).bytes
    let image = try Pipe.open(bytes, options)
    #expect(image.format == "raw")
    #expect(try image.memory.bytes(at: 0, count: bytes.count) == bytes)
  }

  @Test("takes a hundred thousand records in any order", .timeLimit(.minutes(5)))
  func many() throws {
    var model = FlattenedFileModel()
    var generator = SeededGenerator(seed: 3)
    model.records = (0..<100_000).map { ($0 * 2, [UInt8(truncatingIfNeeded: $0)]) }
      .shuffled(using: &generator)
    let source = try source(model)
    #expect(try source.bytes(at: 131_072, count: 4) == [0, 0, 1, 0])
  }

  @Test("A record that is no range of a file is refused with its place")
  func impossible() throws {
    for (offset, size) in [(Int64(-2), Int64(5)), (0, -5), (.max, 5), (5, .max), (-1, 0)] {
      let head = [offset, size].flatMap { number in
        RecipeOrder.big.bytes(UInt64(bitPattern: number), width: 8)
      }
      var model = FlattenedFileModel()
      model.hasEnd = false
      let error = #expect(throws: ImageError.self) {
        try FlattenedSource(ByteArraySource(model.bytes + head, name: "flat"))
      }
      let start = "flat: record at 0x1000: offset \(offset), size"
      #expect(error?.description.hasPrefix(start) == true)
    }
    var model = FlattenedFileModel()
    model.hasEnd = false
    let claim = RecipeOrder.big.bytes(7, width: 8) + RecipeOrder.big.bytes(1 << 62, width: 8)
    let source = try FlattenedSource(ByteArraySource(model.bytes + claim + [1, 2], name: "flat"))
    #expect(source.size == 9)
  }
}
