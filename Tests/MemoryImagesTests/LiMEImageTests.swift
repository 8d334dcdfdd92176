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

  @Test("with a header in its midst that is none keeps what stands before it, and says so")
  func brokenHeader() throws {
    for form in [LiMEFileModel.Form.plain, .packed] {
      let model = LiMEFileModel(form, Self.ranges)
      for damage in [[0x11], [UInt8](repeating: 0, count: 32)] {
        var bytes = model.bytes
        let start = model.headerOffsets[1]
        bytes.replaceSubrange(start..<start + damage.count, with: damage)
        let image = try open(bytes, Self.format(form))
        let place = "header at \(UInt64(start).hex) is no header"
        #expect(image.warnings.map(\.isPartial) == [true])
        #expect(image.warnings[0].text.contains(place), "\(image.warnings)")
        #expect(try image.memory.bytes(at: 0x1000, count: 0xec00) == Self.ranges[0].bytes)
        #expect(!image.memory.holds(0x10_0000..<0x10_0001))
        // Behind a packed block stands its length, by which the next one is found.
        #expect(image.memory.holds(0x1_0000_0000..<0x1_0000_9123) == (form == .packed))
      }
    }
  }

  @Test("that is followed by something else is read, and says where that begins")
  func junk() throws {
    for form in [LiMEFileModel.Form.plain, .packed] {
      let bytes = LiMEFileModel(form, Self.ranges).bytes
      for junk in [Array("junk".utf8), Self.noise(20, 5000)] {
        let image = try open(bytes + junk, Self.format(form))
        let place = "is followed by something else at \(UInt64(bytes.count).hex), which is left out"
        #expect(image.warnings.map(\.isPartial) == [false])
        #expect(image.warnings[0].text.contains(place), "\(image.warnings)")
        for (start, content) in Self.ranges {
          #expect(try image.memory.bytes(at: start, count: content.count) == content)
        }
      }
    }
  }

  @Test("that ends inside the length of its last block lacks nothing of that")
  func cutBehind() throws {
    let bytes = LiMEFileModel(.packed, Self.ranges).bytes
    for count in [1, 8] {
      let image = try open(Array(bytes.dropLast(count)), .avml)
      #expect(image.warnings.map(\.isPartial) == [true])
      #expect(image.warnings[0].text.contains("behind the block [0x100000000, 0x100009123)"))
      #expect(!image.warnings[0].text.contains("missing"))
      #expect(image.memory.end == 0x1_0000_9123)
    }
  }

  @Test("with a range of 2⁵⁵ bytes is read as far as it goes")
  func hugeRange() throws {
    for form in [LiMEFileModel.Form.plain, .packed] {
      var bytes = LiMEFileModel(form, Self.ranges).bytes
      bytes[22] = 0x7f
      let image = try open(bytes, Self.format(form))
      #expect(image.warnings.map(\.isPartial) == [true])
      #expect(try image.memory.bytes(at: 0x1000, count: 16) == Array(Self.ranges[0].bytes[..<16]))
    }
  }

  @Test("with a damaged chunk has zeros for it, says which pages, and reads the others")
  func damage() throws {
    let content = Self.noise(7, 0x6_0000)
    let model = LiMEFileModel(.packed, [(0x1000, content)])
    var bytes = model.bytes
    // In the last chunk, of 64 KiB.
    bytes[bytes.count - 100] ^= 0x10
    let image = try open(bytes, .avml)
    #expect(image.damage?.finding == nil)
    let expected = content[..<0x5_0000] + [UInt8](repeating: 0, count: 0x1_0000)
    for _ in 0..<2 {
      #expect(try image.memory.bytes(at: 0x1000, count: 0x6_0000) == Array(expected))
    }
    let text = "dump: 16 pages are damaged, the first at 0x51000, 0x52000, "
    #expect(image.damage?.finding?.text.hasPrefix(text) == true)
    #expect(image.damage?.finding?.isPartial == true)
    let region = try #require(image.memory.regions.first)
    #expect(region.source.mayLoseBytes)
    let start = region.sourceOffset(of: 0x5_1000)
    #expect(region.source.isLost(start..<start + 0x1_0000))
    #expect(!region.source.isLost(start - 1..<start + 0x1000))
    #expect(region.source.extent(at: start - 1).end == start)
    #expect(region.source.extent(at: start).isLeftOut)
  }

  @Test("with chunks that are damaged in their heads loses no other", arguments: [nil, 0x4_0000])
  func damagedHeads(_ blockSize: Int?) throws {
    let content = Self.noise(9, 0x10_0000)
    let model = LiMEFileModel(.packed, [(0x1000, content)], blockSize: blockSize)
    let whole = model.bytes
    let heads = Self.heads(of: whole)
    #expect(heads.count == 16)
    // Chunks are damaged in their type, their length, their size, or all over.
    for (first, last, change) in [
      (2, 2, [(0, 0x02)]), (3, 3, [(2, 0x55)]), (9, 9, [(8, 0x81)]), (15, 15, [(1, 9)]),
      (0, 0, [(3, 0xff)]), (5, 6, []),
    ] as [(Int, Int, [(Int, UInt8)])] {
      var bytes = whole
      for (place, value) in change { bytes[heads[first] + place] = value }
      if change.isEmpty {
        for place in heads[first] + 100..<heads[last] + 100 { bytes[place] = 0 }
      }
      let image = try open(bytes, .avml)
      var expected = content
      for place in first * 0x1_0000..<(last + 1) * 0x1_0000 { expected[place] = 0 }
      let found = try image.memory.bytes(at: 0x1000, count: content.count)
      #expect(difference(found ?? [], expected) == nil, "\(first)")
      let pages = UInt64(last - first + 1) * 16
      #expect(image.damage?.count == pages, "\(first)")
      let start = (0x1000 + UInt64(first) * 0x1_0000).hex
      #expect(image.damage?.finding?.text.contains("the first at \(start), ") == true)
      #expect(image.warnings.isEmpty)
    }
  }

  /// Where the chunks with memory stand in a file whose blocks are packed.
  private static func heads(of bytes: [UInt8]) -> [Int] {
    var heads: [Int] = []
    var place = 32 + 10
    while place < bytes.count {
      heads.append(place)
      let length = (1...3).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * ($1 - 1)) }
      place += 4 + length
      // Another block follows behind its length.
      let next = place + 8
      if next == bytes.count { break }
      if bytes[next..<min(next + 4, bytes.count)].elementsEqual("AVML".utf8) {
        place = next + 32 + 10
      }
    }
    return heads
  }

  @Test("with a chunk that is none of the framed format and no end is read up to there")
  func chunks() throws {
    let content = [UInt8](repeating: 7, count: 0x2_0000)
    for (place, new) in [(10, [0x02]), (20, [0xff, 0xff, 0x7f])] as [(Int, [UInt8])] {
      var bytes = LiMEFileModel(.packed, [(0x1000, content)]).bytes
      bytes.replaceSubrange(32 + place..<32 + place + new.count, with: new)
      bytes.removeLast()
      let error = #expect(throws: ImageError.self) { try open(bytes, .avml) }
      #expect(error?.description.contains("chunk at 0x2a of type ") == true)
    }
  }

  @Test("with a length behind a block that is another one is read, and says so")
  func otherLength() throws {
    var bytes = LiMEFileModel(.packed, Self.ranges).bytes
    bytes[bytes.count - 8] ^= 1
    let image = try open(bytes, .avml)
    #expect(image.warnings.map(\.isPartial) == [false])
    #expect(image.warnings[0].text.contains("are followed by the length"))
    for (start, content) in Self.ranges {
      #expect(try image.memory.bytes(at: start, count: content.count) == content)
    }
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
