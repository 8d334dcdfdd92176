import Bytes
import CrashedKernel
import TestSupport
import Testing

@Suite("The types that a kernel carries")
struct KernelTypesTests {
  typealias Member = TypesModel.Member

  /// `struct page` in small: flags, an anonymous union of a list and a mapping, bit fields, an
  /// array; the numbers are those of the types in their order.
  private static let types: [TypesModel.Kind] = [
    .integer("unsigned long", size: 8),  // 1
    .pointer(4),  // 2
    .entries(13, count: 3, size: 8),  // 3: a prototype
    .structure("list_head", size: 16, [Member("next", 2, at: 0), Member("prev", 2, at: 64)]),  // 4
    .structure("", size: 24, [Member("lru", 4, at: 0), Member("mapping", 7, at: 128)]),  // 5
    .union("", size: 24, [Member("", 5, at: 0), Member("pgmap", 2, at: 64)]),  // 6
    .pointer(0),  // 7
    .structure(
      "page", size: 64,
      [
        Member("flags", 10, at: 0), Member("", 6, at: 64), Member("order", 1, at: 256, width: 5),
        Member("zone", 1, at: 261, width: 3), Member("table", 9, at: 320),
      ]),  // 8
    .array(4, count: 3),  // 9
    .alias("flags_t", 11),  // 10
    .other(10, 1),  // 11: const
    .enumeration("pageflags", [("PG_locked", 0), ("PG_slab", 9), ("PG_negative", -2)]),  // 12
    .wide("big", [("BIG", -0x1_0000_0003), ("LATER", 0x7fff_0000_0001)]),  // 13
    .structure("", size: 8, [Member("counter", 1, at: 0)]),  // 14
    .alias("atomic_long_t", 14),  // 15
    .alias("loop", 17), .other(9, 16),  // 16, 17: each of the other
    .structure("knot", size: 8, [Member("", 18, at: 0)]),  // 18: of itself
  ]

  private static func types(_ order: RecipeOrder) throws -> KernelTypes {
    try #require(
      KernelTypes(
        TypesModel(types, order: order).bytes(), order: order == .little ? .little : .big,
        wordSize: 8))
  }

  @Test("are found by name, in either byte order", arguments: RecipeOrder.allCases)
  func found(_ order: RecipeOrder) throws {
    let types = try Self.types(order)
    #expect(types.size(of: "page") == 64)
    #expect(types.size(of: "list_head") == 16)
    #expect(types.size(of: "unsigned long") == 8)
    #expect(types.size(of: "flags_t") == 8)
    #expect(types.size(of: "atomic_long_t") == 8)
    #expect(types.size(of: "pag") == nil)
    #expect(types.size(of: "loop") == nil)
    #expect(types.hasStructure("page") && !types.hasStructure("folio"))
    #expect(types.offset(of: "counter", in: "atomic_long_t") == 0)
  }

  @Test("have members, also in what has no name, along paths, and of bits")
  func members() throws {
    let types = try Self.types(.big)
    #expect(types.offset(of: "flags", in: "page") == 0)
    #expect(types.offset(of: "lru", in: "page") == 8)
    #expect(types.offset(of: "lru.prev", in: "page") == 16)
    #expect(types.offset(of: "mapping", in: "page") == 24)
    #expect(types.offset(of: "pgmap", in: "page") == 16)
    let zone = try #require(types.member("zone", of: "page"))
    #expect(zone.bitOffset == 261 && zone.bitSize == 3)
    #expect(types.member("lru", of: "page")?.size == 16)
    #expect(types.member("mapping", of: "page")?.size == 8)
    #expect(types.member("table", of: "page")?.size == 48)
    #expect(types.count(of: "table", in: "page") == 3)
    #expect(types.count(of: "lru", in: "page") == nil)
    for path in ["", ".", "none", "flags.none", "lru.none", "lru.next.next"] {
      #expect(types.member(path, of: "page") == nil, "\(path)")
    }
    #expect(types.member("none", of: "knot") == nil)
    #expect(types.member("flags", of: "folio") == nil)
  }

  @Test("have the values of enumerations")
  func values() throws {
    for order in RecipeOrder.allCases {
      let types = try Self.types(order)
      #expect(
        types.values(of: ["PG_slab", "PG_negative", "BIG", "LATER", "PG_none"])
          == [
            "PG_slab": 9, "PG_negative": -2, "BIG": -0x1_0000_0003, "LATER": 0x7fff_0000_0001,
          ])
      #expect(types.value(of: "PG_locked") == 0)
      #expect(types.value(of: "PG_lock") == nil)
    }
  }

  @Test("cut at every length or damaged are refused or answer something, and soon")
  func hostile() throws {
    let sound = TypesModel(Self.types, order: .little).bytes()
    for count in 0..<sound.count {
      #expect(KernelTypes(Array(sound.prefix(count)), order: .little, wordSize: 8) == nil)
    }
    #expect(KernelTypes(sound, order: .big, wordSize: 8) == nil)
    var generator = SeededGenerator(seed: 19)
    for _ in 0..<3000 {
      var bytes = sound
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let place = Int.random(in: 24..<bytes.count, using: &generator)
        bytes[place] = UInt8(truncatingIfNeeded: generator.next())
      }
      guard let types = KernelTypes(bytes, order: .little, wordSize: 8) else { continue }
      _ = types.size(of: "page")
      _ = types.member("lru.next", of: "page")
      _ = types.member("none", of: "knot")
      _ = types.values(of: ["PG_slab", "none"])
    }
  }

  @Test("that contain each other in every way are given up after a while")
  func budget() throws {
    // Sixteen structures, each with many members without names that are of the next one.
    var kinds: [TypesModel.Kind] = []
    for number in 1...16 as ClosedRange<UInt32> {
      let members = (0..<200).map { _ in Member("", number + 1, at: 0) }
      kinds.append(.structure(number == 1 ? "top" : "", size: 8, members))
    }
    kinds.append(.structure("", size: 8, [Member("x", 0, at: 0)]))
    let bytes = TypesModel(kinds, order: .little).bytes()
    let types = try #require(KernelTypes(bytes, order: .little, wordSize: 8))
    #expect(types.member("none", of: "top") == nil)
  }
}
