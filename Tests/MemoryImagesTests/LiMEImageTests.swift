import Bytes
import MemoryImages
import TestSupport
import Testing

@Suite("A LiME or AVML file as an image")
struct LiMEImageTests {
  private static func noise(_ seed: UInt64, _ count: Int) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { $0 % 5 == 0 ? .random(in: .min ... .max, using: &generator) : 9 }
  }

  /// Ranges of a machine with memory above 4 GiB, and some that hold zeros.
  private static let ranges: [(start: UInt64, bytes: [UInt8])] = [
    (0x1000, noise(1, 0xec00)), (0x10_0000, noise(2, 0x8000)),
    (0x1_0000_0000, [UInt8](repeating: 0, count: 0x4000) + noise(3, 0x5123)),
  ]

  private func open(
    _ bytes: [UInt8], _ format: ImageFormat
  ) throws(ImageError) -> MemoryImage {
    try format.open(
      ImageInput(ByteArraySource(bytes, name: "dump")), ImageOptions(machines: []))
  }

  private static func format(_ form: LiMEFileModel.Form) -> ImageFormat {
    form == .packed ? .avml : .lime
  }

  @Test(
    "has every range at its address",
    arguments: [LiMEFileModel.Form.plain, .packed, .mixed], [nil, 0x3000])
  func ranges(_ form: LiMEFileModel.Form, _ blockSize: Int?) throws {
    let bytes = LiMEFileModel(form, Self.ranges, blockSize: blockSize).bytes
    let format = Self.format(form)
    #expect(format.recognizes(bytes))
    let image = try open(bytes, format)
    #expect(image.warnings.isEmpty)
    for (start, content) in Self.ranges {
      let found = try image.memory.paddedBytes(at: start, count: content.count).bytes
      #expect(difference(found, content) == nil)
      let part = try image.memory.paddedBytes(at: start + 0x3210, count: 0x2345).bytes
      #expect(part == Array((content + [UInt8](repeating: 0, count: 0x6000))[0x3210..<0x5555]))
    }
    #expect(image.memory.end == 0x1_0000_9123)
  }

  @Test("of AVML leaves out blocks of zeros: they are memory, and the gaps cost nothing")
  func zeroBlocks() throws {
    for (form, block) in [(.plain, 16 << 20), (.packed, 0x8000)]
      as [(LiMEFileModel.Form, Int)]
    {
      let content =
        [UInt8](repeating: 7, count: block + 1) + [UInt8](repeating: 0, count: 2 * block)
        + [UInt8](repeating: 8, count: 0x1000)
      let model = LiMEFileModel(form, [(0x10_0000, content)], blockSize: block)
      let image = try open(model.bytes, Self.format(form))
      #expect(image.memory.holds(0x10_0000..<0x10_0000 + UInt64(content.count)))
      let gap = 0x10_0000 + UInt64(2 * block)
      guard case .present(_, let region) = image.memory.firstStretch(of: gap..<gap + 1) else {
        Issue.record("the zeros are absent")
        continue
      }
      #expect(region.source.extent(at: region.sourceOffset(of: gap)).isHole)
    }
    // LiME itself cuts nothing: what it leaves out is no memory.
    let plain = try open(LiMEFileModel(.plain, Self.ranges).bytes, .lime)
    #expect(!plain.memory.holds(0xfc00..<0x10_0000))
  }

  @Test("of AVML may leave out zeros at its end, where nobody can tell them from no memory")
  func zerosAtTheEnd() throws {
    let block: UInt64 = 16 << 20
    let content = [UInt8](repeating: 7, count: Int(block)) + [UInt8](repeating: 0, count: 0x1000)
    let model = LiMEFileModel(.plain, [(0x10_0000, content)], blockSize: Int(block))
    let image = try open(model.bytes, .lime)
    #expect(image.memory.holds(0x10_0000..<0x10_1000 + block))
    #expect(image.memory.known == [0x10_0000..<0x10_0000 + block])
    let cut = try open(Array(model.bytes.dropLast(1)), .lime)
    #expect(cut.warnings.contains { $0.isPartial })
    #expect(!cut.memory.holds(0x10_0000 + block..<0x10_1000 + block))
  }

  @Test("of LiME lacks what it leaves out, though a range of it may be as long as AVML's blocks")
  func gaps() throws {
    let block = 16 << 20
    let zeros = [UInt8](repeating: 0, count: block)
    let near = try open(
      LiMEFileModel(
        .plain, [(0x10_0000, zeros), (0x110_0000, Self.noise(5, 0x1000)), (0x300_0000, [1])]
      ).bytes, .lime)
    #expect(!near.memory.holds(0x110_1000..<0x110_1001))
    // A range that is longer was never cut.
    let long = try open(
      LiMEFileModel(.plain, [(0x10_0000, zeros), (0x300_0000, zeros + [1])]).bytes, .lime)
    #expect(!long.memory.holds(0x110_0000..<0x110_0001))
    #expect(long.memory.end == 0x400_0001)
  }

  @Test("of a big-endian machine is read in its byte order")
  func bigEndian() throws {
    var model = LiMEFileModel(.plain, Self.ranges)
    model.order = .big
    #expect(ImageFormat.lime.recognizes(model.bytes))
    let image = try open(model.bytes, .lime)
    #expect(image.warnings.isEmpty)
    for (start, content) in Self.ranges {
      #expect(try image.memory.bytes(at: start, count: content.count) == content)
    }
  }

  @Test("with ranges in any order, and some of them twice, has the first of each")
  func overlaps() throws {
    let ranges: [(start: UInt64, bytes: [UInt8])] = [
      (0x3000, [UInt8](repeating: 1, count: 0x2000)),
      (0x1000, [UInt8](repeating: 2, count: 0x3000)),
    ]
    for form in [LiMEFileModel.Form.plain, .packed] {
      let image = try open(LiMEFileModel(form, ranges).bytes, Self.format(form))
      #expect(try image.memory.bytes(at: 0x2fff, count: 2) == [2, 1])
      #expect(try image.memory.bytes(at: 0x4fff, count: 1) == [1])
    }
  }

  @Test("of a block device ends where only zeros follow")
  func padding() throws {
    for form in [LiMEFileModel.Form.plain, .packed] {
      let bytes = LiMEFileModel(form, Self.ranges).bytes + [UInt8](repeating: 0, count: 1000)
      #expect(try open(bytes, Self.format(form)).warnings.isEmpty)
    }
  }

  @Test(
    "that has but the magic of the other byte order, or is of another version, is refused",
    arguments: [
      (0, Array("LiME".utf8), "no header of version 1 of LiME"),
      (4, [2], "no header of version 1 of LiME"),
      (4, [0, 0, 0, 1], "no header of version 1"), (24, [1], "0x1 in its reserved field"),
      (16, [0, 0, 0], "range from 0x1000 through 0x0"),
      (16, [UInt8](repeating: 0xff, count: 8), "through 0xffffffffffffffff"),
      (23, [0x01], "and that of at most 56 bits"),
    ] as [(Int, [UInt8], String)])
  func lookalikes(_ place: Int, _ new: [UInt8], _ text: String) throws {
    var bytes = LiMEFileModel(.plain, Self.ranges).bytes
    bytes.replaceSubrange(place..<place + new.count, with: new)
    #expect(ImageFormat.lime.recognizes(bytes))
    let error = #expect(throws: ImageError.self) { try open(bytes, .lime) }
    #expect(error?.kind == .unusable)
    #expect(error?.description.contains("header at 0x0: ") == true)
    #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    // AVML writes the same on every machine.
    #expect(!ImageFormat.avml.recognizes(Array("LMVA".utf8) + bytes[4...]))
  }

  @Test("with a header in its midst that is none is refused with the place")
  func brokenHeader() throws {
    for form in [LiMEFileModel.Form.plain, .packed] {
      let model = LiMEFileModel(form, Self.ranges)
      var bytes = model.bytes
      bytes[model.headerOffsets[1]] ^= 1
      let error = #expect(throws: ImageError.self) { try open(bytes, Self.format(form)) }
      let place = UInt64(model.headerOffsets[1]).hex
      #expect(error?.description.contains("header at \(place): is no header") == true)
    }
  }

  @Test("with a range of 2⁵⁵ bytes is read as far as it goes")
  func hugeRange() throws {
    for form in [LiMEFileModel.Form.plain, .packed] {
      var bytes = LiMEFileModel(form, Self.ranges).bytes
      bytes[22] = 0x7f
      if form == .plain {
        let image = try open(bytes, .lime)
        #expect(image.warnings.map(\.isPartial) == [true])
        #expect(try image.memory.bytes(at: 0x1000, count: 16) == Array(Self.ranges[0].bytes[..<16]))
      } else {
        #expect(throws: ImageError.self) { try open(bytes, .avml) }
      }
    }
  }

  @Test("with a damaged chunk says so where it is read, and reads the others")
  func damage() throws {
    let model = LiMEFileModel(.packed, [(0x1000, Self.noise(7, 0x6_0000))])
    var bytes = model.bytes
    bytes[bytes.count - 100] ^= 0x10
    let image = try open(bytes, .avml)
    #expect(try image.memory.bytes(at: 0x1000, count: 0x1000) == Array(Self.noise(7, 0x1000)))
    let error = #expect(throws: ReadError.self) {
      try image.memory.bytes(at: 0x5_2000, count: 0x1000)
    }
    #expect(error?.reason.contains("the snappy chunk here is damaged") == true)
  }

  @Test(
    "with a chunk that is none of the framed format is refused with its place",
    arguments: [
      (10, [0x02], "type 0x2"), (20, [0xff, 0xff, 0x7f], "of type 0x0"),
    ] as [(Int, [UInt8], String)])
  func chunks(_ place: Int, _ new: [UInt8], _ text: String) throws {
    var bytes = LiMEFileModel(.packed, [(0x1000, [UInt8](repeating: 7, count: 0x2_0000))]).bytes
    bytes.replaceSubrange(32 + place..<32 + place + new.count, with: new)
    let error = #expect(throws: ImageError.self) { try open(bytes, .avml) }
    #expect(error?.description.contains("chunk at 0x2a") == true)
    #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
  }

  @Test("passes over chunks that a reader need not know, and takes those stored as they are")
  func chunkTypes() throws {
    let content = Self.noise(8, 1000)
    let framed = SnappyModel.framed(content)
    let stream =
      Array(framed[..<10]) + SnappyModel.chunk(0xfe, [UInt8](repeating: 5, count: 300_000))
      + SnappyModel.chunk(0x80, []) + Array(framed[10...])
    var bytes = Array(LiMEFileModel(.packed, [(0x1000, content)]).bytes[..<32])
    bytes += stream + RecipeOrder.little.bytes(UInt64(stream.count), width: 8)
    #expect(try open(bytes, .avml).memory.bytes(at: 0x1000, count: 1000) == content)
  }

  @Test("in chunks of one byte is read as in large ones", .timeLimit(.minutes(1)))
  func smallChunks() throws {
    let content = Self.noise(12, 40_000)
    let stream = content.reduce(into: SnappyModel.framed([])) { stream, byte in
      stream += SnappyModel.plainChunk([byte])
    }
    var bytes = Array(LiMEFileModel(.packed, [(0x1000, content)]).bytes[..<32])
    bytes += stream + RecipeOrder.little.bytes(UInt64(stream.count), width: 8)
    let image = try open(bytes, .avml)
    #expect(try image.memory.bytes(at: 0x1000, count: 40_000) == content)
  }

  @Test("Eight threads read the same packed memory")
  func threads() async throws {
    let content = Self.noise(9, 300_000)
    let image = try open(LiMEFileModel(.packed, [(0x1000, content)]).bytes, .avml)
    await withTaskGroup(of: Bool.self) { group in
      for seed in 0..<8 as Range<UInt64> {
        group.addTask {
          var generator = SeededGenerator(seed: seed)
          return (0..<20).allSatisfy { _ in
            let place = Int.random(in: 0..<content.count - 70_000, using: &generator)
            let count = Int.random(in: 1..<70_000, using: &generator)
            let found = try? image.memory.bytes(at: UInt64(0x1000 + place), count: count)
            return found == Array(content[place..<place + count])
          }
        }
      }
      for await isEqual in group { #expect(isEqual) }
    }
  }
}
