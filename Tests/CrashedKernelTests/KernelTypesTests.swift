import Bytes
import CrashedKernel
import TestSupport
import Testing

@Suite("The types that a kernel carries")
struct KernelTypesTests {
  typealias Member = TypesModel.Member

  private static func types(_ order: RecipeOrder) throws -> KernelTypes {
    try #require(
      KernelTypes(
        TypesModel(TypesModel.sample, order: order).bytes(),
        order: order == .little ? .little : .big,
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
    let sound = TypesModel(TypesModel.sample, order: .little).bytes()
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
