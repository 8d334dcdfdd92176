internal import Bytes

/// The types of a kernel in their packed form, BTF (`include/uapi/linux/btf.h`,
/// Documentation/bpf/btf.rst): a table of records of different lengths, and their names.
struct TypeTable: Sendable {
  /// `BTF_KIND_…`, as far as something is asked of it.
  enum Kind: UInt32 {
    case integer = 1
    case pointer, array, structure, union, enumeration, forward, alias, volatile, constant
    case restrict, function, prototype, variable, section, float, declarationTag, typeTag
    case wideEnumeration
  }

  /// `struct btf_type`
  struct Record {
    let kind: Kind
    /// Where its name begins among the names.
    let name: Int
    /// Number of what follows: members, enumerators, parameters.
    let count: Int
    /// `kind_flag`
    let hasFlag: Bool
    /// Its size in bytes, or the type that it refers to.
    let sizeOrType: UInt32
    /// Where what follows begins in the table.
    let rest: Int
  }

  /// `struct btf_member`
  struct Member {
    let name: Int
    let type: UInt32
    /// From the start of the structure, in bits.
    let offset: UInt64
    /// Of a bit field, its size in bits.
    let bits: UInt64?
  }

  private let reader: ByteReader
  private let names: Range<Int>
  /// Where each type stands; the first one, `void`, stands nowhere.
  private let places: [UInt32]
  /// The numbers of structures and unions.
  let structures: [UInt32]
  /// Those of enumerations.
  let enumerations: [UInt32]
  /// Those of other types that have a size and a name.
  let others: [UInt32]

  private static let magic: UInt16 = 0xeb9f
  /// More types than any kernel has: real ones have about 150,000.
  private static let limit = 1 << 21
  private static let recordSize = 12

  /// Reads the head and walks over all types.
  ///
  /// - Throws: ``UnsoundTypes`` where something of it cannot be.
  init(_ bytes: [UInt8], order: ByteOrder) throws(UnsoundTypes) {
    reader = ByteReader(bytes, order: order)
    guard let magic = try? reader.peek(at: 0, UInt16.self), magic == TypeTable.magic,
      let length = try? reader.peek(at: 4, UInt32.self), length >= 24,
      let typeOffset = try? reader.peek(at: 8, UInt32.self),
      let typeLength = try? reader.peek(at: 12, UInt32.self),
      let nameOffset = try? reader.peek(at: 16, UInt32.self),
      let nameLength = try? reader.peek(at: 20, UInt32.self)
    else { throw UnsoundTypes(text: "no head of BTF stands there") }
    func range(_ offset: UInt32, _ count: UInt32) -> Range<Int>? {
      let start = Int(length) + Int(offset)
      return start + Int(count) <= bytes.count ? start..<start + Int(count) : nil
    }
    guard let types = range(typeOffset, typeLength), let names = range(nameOffset, nameLength),
      names.isEmpty || bytes[names.upperBound - 1] == 0
    else {
      throw UnsoundTypes(text: "its parts are larger than the \(bytes.count) bytes that it has")
    }
    self.names = names
    var places: [UInt32] = [0]
    var found: (structures: [UInt32], enumerations: [UInt32], others: [UInt32]) = ([], [], [])
    var place = types.lowerBound
    while place < types.upperBound {
      let number = UInt32(places.count)
      guard let record = TypeTable.record(reader, at: place),
        case let end = record.rest + TypeTable.size(of: record), end <= types.upperBound,
        number < TypeTable.limit
      else { throw UnsoundTypes(text: "type \(number) at \(UInt64(place).hex) cannot be one") }
      places.append(UInt32(place))
      switch record.kind {
      case .structure, .union: found.structures.append(number)
      case .enumeration, .wideEnumeration: found.enumerations.append(number)
      case .alias, .integer, .float: found.others.append(number)
      default: break
      }
      place = end
    }
    self.places = places
    (structures, enumerations, others) = found
  }

  private static func record(_ reader: ByteReader, at place: Int) -> Record? {
    guard let name = try? reader.peek(at: place, UInt32.self),
      let info = try? reader.peek(at: place + 4, UInt32.self),
      let kind = Kind(rawValue: info >> 24 & 0x1f),
      let sizeOrType = try? reader.peek(at: place + 8, UInt32.self)
    else { return nil }
    return Record(
      kind: kind, name: Int(name), count: Int(info & 0xffff), hasFlag: info >> 31 != 0,
      sizeOrType: sizeOrType, rest: place + recordSize)
  }

  /// Bytes that follow a record.
  private static func size(of record: Record) -> Int {
    switch record.kind {
    case .integer, .variable, .declarationTag: 4
    case .array: 12
    case .structure, .union, .section, .wideEnumeration: 12 * record.count
    case .enumeration, .prototype: 8 * record.count
    case .pointer, .forward, .alias, .volatile, .constant, .restrict, .function, .float,
      .typeTag:
      0
    }
  }

  /// A type; nil where there is none of the number.
  func record(_ number: UInt32) -> Record? {
    guard number > 0, number < places.count else { return nil }
    return TypeTable.record(reader, at: Int(places[Int(number)]))
  }

  /// Whether a name is a text.
  func isName(_ name: Int, _ text: [UInt8]) -> Bool {
    guard name >= 0, name < names.count - text.count else { return false }
    let start = names.lowerBound + name
    return reader.bytes[start + text.count] == 0
      && reader.bytes[start..<start + text.count].elementsEqual(text)
  }

  /// Whether there is no name.
  func isAnonymous(_ name: Int) -> Bool { isName(name, []) }

  /// One member of a structure or a union.
  func member(_ index: Int, of record: Record) -> Member? {
    let place = record.rest + 12 * index
    guard let name = try? reader.peek(at: place, UInt32.self),
      let type = try? reader.peek(at: place + 4, UInt32.self),
      let offset = try? reader.peek(at: place + 8, UInt32.self)
    else { return nil }
    let bits = offset >> 24
    return Member(
      name: Int(name), type: type,
      offset: UInt64(record.hasFlag ? offset & 0xff_ffff : offset),
      bits: record.hasFlag && bits > 0 ? UInt64(bits) : nil)
  }

  /// One name of an enumeration, with its value as a bit pattern.
  func enumerator(_ index: Int, of record: Record) -> (name: Int, value: Int64)? {
    let isWide = record.kind == .wideEnumeration
    let place = record.rest + (isWide ? 12 : 8) * index
    guard let name = try? reader.peek(at: place, UInt32.self),
      let low = try? reader.peek(at: place + 4, UInt32.self)
    else { return nil }
    if isWide {
      guard let high = try? reader.peek(at: place + 8, UInt32.self) else { return nil }
      return (Int(name), Int64(bitPattern: UInt64(high) << 32 | UInt64(low)))
    }
    // Without the flag values have no sign: but writers set it only since 2022.
    return (Int(name), Int64(Int32(bitPattern: low)))
  }

  /// The type of an array's elements, and how many there are.
  func array(_ record: Record) -> (element: UInt32, count: UInt32)? {
    guard let element = try? reader.peek(at: record.rest, UInt32.self),
      let count = try? reader.peek(at: record.rest + 8, UInt32.self)
    else { return nil }
    return (element, count)
  }
}

/// Why types cannot be read.
struct UnsoundTypes: Error, Equatable {
  let text: String
}
