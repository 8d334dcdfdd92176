/// The types of a kernel as BTF, for tests. Types are numbered from 1 in their order.
package struct TypesModel: Sendable {
  /// A member of a structure or union.
  package struct Member: Sendable {
    package var name: String
    package var type: UInt32
    package var bits: UInt32
    /// Of a bit field, its size.
    package var width: UInt32 = 0

    /// A member at a number of bits.
    package init(_ name: String, _ type: UInt32, at bits: UInt32, width: UInt32 = 0) {
      self.name = name
      self.type = type
      self.bits = bits
      self.width = width
    }
  }

  /// One type.
  package enum Kind: Sendable {
    case integer(String, size: UInt32)
    case pointer(UInt32)
    case array(UInt32, count: UInt32)
    case structure(String, size: UInt32, [Member])
    case union(String, size: UInt32, [Member])
    case enumeration(String, [(String, Int32)])
    case wide(String, [(String, Int64)])
    case alias(String, UInt32)
    /// `volatile`, `const` and so on, or whatever else has a number and nothing behind it.
    case other(UInt32, UInt32)
    /// A prototype, a section or whatever else has entries of so many bytes behind it.
    case entries(UInt32, count: UInt32, size: Int)
  }

  package var order: RecipeOrder
  package var types: [Kind]

  /// A table of types.
  package init(_ types: [Kind], order: RecipeOrder) {
    self.types = types
    self.order = order
  }

  /// Its bytes.
  package func bytes() -> [UInt8] {
    var names: [UInt8] = [0]
    var table: [UInt8] = []
    func word(_ value: UInt32) -> [UInt8] { order.bytes(UInt64(value), width: 4) }
    func name(_ text: String) -> UInt32 {
      guard !text.isEmpty else { return 0 }
      defer { names += Array(text.utf8) + [0] }
      return UInt32(names.count)
    }
    func head(_ text: String, _ kind: UInt32, _ count: Int, _ size: UInt32, flag: Bool = false) {
      table += word(name(text)) + word(kind << 24 | UInt32(count) | (flag ? 1 << 31 : 0))
      table += word(size)
    }
    func members(_ members: [Member], flag: Bool) {
      for member in members {
        table += word(name(member.name)) + word(member.type)
        table += word(flag ? member.width << 24 | member.bits : member.bits)
      }
    }
    for type in types {
      switch type {
      case .integer(let text, let size):
        head(text, 1, 0, size)
        table += word(size * 8)
      case .pointer(let other): head("", 2, 0, other)
      case .array(let element, let count):
        head("", 3, 0, 0)
        table += word(element) + word(1) + word(count)
      case .structure(let text, let size, let list), .union(let text, let size, let list):
        let flag = list.contains { $0.width > 0 }
        if case .union = type {
          head(text, 5, list.count, size, flag: flag)
        } else {
          head(text, 4, list.count, size, flag: flag)
        }
        members(list, flag: flag)
      case .enumeration(let text, let list):
        head(text, 6, list.count, 4)
        for (text, value) in list { table += word(name(text)) + word(UInt32(bitPattern: value)) }
      case .wide(let text, let list):
        head(text, 19, list.count, 8)
        for (text, value) in list {
          let bits = UInt64(bitPattern: value)
          table += word(name(text)) + word(UInt32(truncatingIfNeeded: bits))
          table += word(UInt32(bits >> 32))
        }
      case .alias(let text, let other): head(text, 8, 0, other)
      case .other(let kind, let other): head("", kind, 0, other)
      case .entries(let kind, let count, let size):
        head("", kind, Int(count), 0)
        table += [UInt8](repeating: 0x11, count: Int(count) * size)
      }
    }
    return order.bytes(0xeb9f, width: 2) + [1, 0] + word(24) + word(0)
      + word(UInt32(table.count)) + word(UInt32(table.count)) + word(UInt32(names.count)) + table
      + names
  }
}

extension TypesModel {
  /// `struct page` in small: flags, an anonymous union of a list and a mapping, bit fields, an
  /// array; the numbers are those of the types in their order.
  package static let sample: [Kind] = [
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
}
