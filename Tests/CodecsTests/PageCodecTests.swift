import Codecs
import TestConditions
import TestSupport
import Testing

/// Pages as makedumpfile and QEMU pack them, beside zlib.
@Suite("A page packed with lzo, snappy or zstd")
struct PageCodecTests {
  /// What packs a page outside the program, and what unpacks it here.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let pack: @Sendable ([UInt8]) -> [UInt8]?
    let make: @Sendable () -> (any Unpacker)?

    var testDescription: String { name }

    func unpack(_ packed: [UInt8], room: Int) -> [UInt8]? {
      guard let unpacker = make() else { return nil }
      var output = [UInt8](repeating: 0xa5, count: room)
      let count = packed.withUnsafeBytes { input in
        output.withUnsafeMutableBytes { unpacker.unpack(input, into: $0) }
      }
      return count.map { Array(output[..<$0]) }
    }

    /// The decoders of this program alone, and by way of the libraries where they are installed.
    static let all: [Case] =
      [
        Case(name: "lzo, own", pack: LZOModel.stream, make: { LZODecoder() }),
        Case(name: "snappy, own", pack: SnappyModel.block, make: { SnappyDecoder() }),
        Case(name: "lzo", pack: LZOModel.stream, make: { PackedForm.lzo.unpacker() }),
        Case(name: "snappy", pack: SnappyModel.block, make: { PackedForm.snappy.unpacker() }),
        Case(
          name: "lzo, packed by liblzo2", pack: { OutsideLibrary.lzo($0) }, make: { LZODecoder() }),
        Case(
          name: "lzo, packed best by liblzo2",
          pack: { OutsideLibrary.lzo($0, by: "lzo1x_999_compress") }, make: { LZODecoder() }),
        Case(
          name: "snappy, packed by libsnappy", pack: { OutsideLibrary.snappy($0) },
          make: { SnappyDecoder() }),
        Case(
          name: "zstd", pack: { OutsideLibrary.zstd($0) }, make: { PackedForm.zstd.unpacker() }),
      ]

    /// Skips by name what needs a library that is not installed.
    func demand() throws {
      if pack([1, 2, 3]) == nil || make() == nil { try OutsideTool.absent("a library of \(name)") }
    }
  }

  /// Pages with repetitions of every length and distance.
  static let pages: [[UInt8]] = {
    var generator = SeededGenerator(seed: 5)
    let mixed = [40_000, 4096, 4096].map { size -> [UInt8] in
      var page: [UInt8] = []
      while page.count < size {
        let count = Int.random(in: 1...400, using: &generator)
        if page.count > 20, Bool.random(using: &generator) {
          let distance = Int.random(in: 1...page.count, using: &generator)
          for _ in 0..<min(count, size - page.count) { page.append(page[page.count - distance]) }
        } else {
          let few = min(count % 30 + 1, size - page.count)
          for _ in 0..<few { page.append(.random(in: .min ... .max, using: &generator)) }
        }
      }
      return page
    }
    return Sample.pieces + mixed
  }()

  @Test("comes back as it was", arguments: Case.all)
  func roundTrip(_ item: Case) throws {
    try item.demand()
    for page in Self.pages {
      let packed = try #require(item.pack(page))
      #expect(item.unpack(packed, room: page.count) == page)
      #expect(item.unpack(packed, room: page.count + 10) == page)
      #expect(item.unpack(packed, room: page.count - 1) == nil)
    }
  }

  @Test("is refused where it is cut anywhere", arguments: Case.all)
  func cut(_ item: Case) throws {
    try item.demand()
    for page in Self.pages.prefix(5) + Self.pages.suffix(1) {
      let packed = try #require(item.pack(page))
      for count in stride(from: 0, to: packed.count, by: packed.count > 500 ? 17 : 1) {
        #expect(item.unpack(Array(packed[..<count]), room: page.count) == nil, "\(count) bytes")
      }
    }
  }

  @Test("that is damaged gives at most as much as there is room for", arguments: Case.all)
  func damage(_ item: Case) throws {
    try item.demand()
    let page = try #require(Self.pages.last)
    let packed = try #require(item.pack(page))
    var generator = SeededGenerator(seed: 3)
    for index in 0..<500 {
      var damaged = packed
      damaged[index % damaged.count] = .random(in: .min ... .max, using: &generator)
      damaged[Int.random(in: 0..<damaged.count, using: &generator)] ^= 0xff
      if let found = item.unpack(damaged, room: 4096) { #expect(found.count <= 4096) }
    }
  }

  @Test(
    "with every instruction of LZO1X is understood",
    arguments: [
      // Four literals, a match of three with one literal behind it, a match of two.
      (
        [21, 1, 2, 3, 4, 0b0100_0101, 0, 9, 0b0000_0100, 0, 17, 0, 0],
        [1, 2, 3, 4, 3, 4, 3, 9, 3, 9]
      ),
      // A stream of less than four literals may begin with a match of two bytes.
      ([20, 1, 2, 3, 0b0000_1000, 0, 17, 0, 0], [1, 2, 3, 1, 2]),
      ([17, 0, 0], []),
      // Something behind the end, a match before the first byte, a length without end.
      ([17, 0, 0, 0], nil), ([20, 1, 2, 3, 12, 0, 17, 0, 0], nil),
      ([0, 0, 0, 0], nil), ([], nil),
    ] as [([UInt8], [UInt8]?)])
  func instructions(_ stream: [UInt8], _ expected: [UInt8]?) {
    for unpacker in [LZODecoder(), PackedForm.lzo.unpacker()].compactMap({ $0 }) {
      let item = Case(name: "", pack: { $0 }, make: { unpacker as any Unpacker })
      #expect(item.unpack(stream, room: 4096) == expected, "\(type(of: unpacker))")
    }
  }

  @Test(
    "that claims more than a block of snappy has is refused",
    arguments: [
      [5, 0, 1], [0xff, 0xff, 0xff, 0xff, 0x7f, 0], [0x80, 0x80, 0x80, 0x80, 0x80, 1],
      [4, 0xfc, 0xff, 0xff, 0xff, 0xff, 1], [4, 0, 1, 0x0e, 0xff, 0xff], [4, 0, 1, 0x0e, 0, 0], [],
    ] as [[UInt8]])
  func claims(_ block: [UInt8]) {
    let item = Case(name: "", pack: { $0 }, make: { SnappyDecoder() })
    #expect(item.unpack(block, room: 4096) == nil)
  }

  @Test("is packed by the program, too", arguments: [PackedForm.lzo, .snappy, .zstd])
  func packed(_ form: PackedForm) throws {
    guard form.lackingForPacking == nil else { return }
    for level in [form.levels.lowerBound, form.levels.upperBound] {
      let packer = try #require(form.packer(level: level, engine: .zlib, largest: 65_536))
      for page in Self.pages {
        var output = [UInt8](repeating: 0, count: page.count + 4096)
        let count = page.withUnsafeBytes { input in
          output.withUnsafeMutableBytes { packer.pack(input, into: $0) }
        }
        let packed = Array(output[..<(try #require(count))])
        let item = Case(name: "", pack: { $0 }, make: { form.unpacker() })
        #expect(item.unpack(packed, room: page.count) == page)
      }
      var small = [UInt8](repeating: 0, count: 2048)
      let none = Sample.noise.withUnsafeBytes { input in
        small.withUnsafeMutableBytes { packer.pack(input, into: $0) }
      }
      #expect(none == nil)
    }
  }
}
