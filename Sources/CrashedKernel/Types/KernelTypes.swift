package import Bytes

/// The layout of a kernel's structures, which kernels with `CONFIG_DEBUG_INFO_BTF` carry in their
/// memory (Linux 5.2 and later): sizes, members and enumerations by name.
package struct KernelTypes: Sendable {
  private let table: TypeTable
  private let wordSize: Int

  /// Where a member stands in its structure.
  package struct Member: Equatable, Sendable {
    /// From the start of the structure, in bits.
    package let bitOffset: UInt64
    /// Of a bit field, its size in bits.
    package let bitSize: UInt64?
    /// Size of its type in bytes; nil where that has none.
    package let size: UInt64?
    /// The type's number.
    fileprivate let type: UInt32

    /// From the start of the structure, in bytes.
    package var offset: UInt64 { bitOffset / 8 }
  }

  /// Largest table that is believed; real ones have 5 MB.
  private static let largest: UInt64 = 64 << 20

  /// Types from their packed form, in the byte order of the kernel; nil where it is none.
  package init?(_ bytes: [UInt8], order: ByteOrder, wordSize: Int) {
    guard let table = try? TypeTable(bytes, order: order) else { return nil }
    self.table = table
    self.wordSize = wordSize
  }

  private init(_ table: TypeTable, wordSize: Int) {
    self.table = table
    self.wordSize = wordSize
  }

  /// Reads what stands between `__start_BTF` and `__stop_BTF`.
  static func read(_ kernel: Kernel) throws(ReadError) -> Answer<KernelTypes> {
    switch try kernel.symbols() {
    case .absent(let why): return .absent(why)
    case .corrupt(let why): return .corrupt(why)
    case .found(let symbols):
      let places = try symbols.addresses(of: ["__start_BTF", "__stop_BTF"])
      guard let start = places["__start_BTF"], let stop = places["__stop_BTF"] else {
        return .absent("the kernel's symbol table has no __start_BTF")
      }
      guard start < stop, stop - start <= largest else {
        return .corrupt(
          "__start_BTF is \(start.hex) and __stop_BTF \(stop.hex), expected at most "
            + "\(largest.hex) bytes")
      }
      return try read(kernel, start..<stop)
    }
  }

  private static func read(
    _ kernel: Kernel, _ range: Range<UInt64>
  ) throws(ReadError) -> Answer<KernelTypes> {
    switch try kernel.image.read(at: range.lowerBound, count: Int(range.length)) {
    case .unreadable(.missing(let place, let address)):
      return .absent("\(Unreadable.missing(place, at: address)), where the types are")
    case .unreadable(let why): return .corrupt("the types at \(range.lowerBound.hex): \(why)")
    case .found(let bytes):
      do throws(UnsoundTypes) {
        let table = try TypeTable(bytes, order: kernel.order)
        return .found(KernelTypes(table, wordSize: kernel.architecture.wordSize))
      } catch {
        return .corrupt("the types at \(range.lowerBound.hex): \(error.text)")
      }
    }
  }
}

extension KernelTypes {
  /// Whether there is a structure or union of a name.
  package func hasStructure(_ name: String) -> Bool { structure(name) != nil }

  /// The size of a structure, a union, an enumeration or whatever else has the name, in bytes.
  package func size(of name: String) -> UInt64? {
    let number =
      first(of: table.structures, named: name) ?? first(of: table.enumerations, named: name)
      ?? first(of: table.others, named: name)
    return number.flatMap { size(of: $0) }
  }

  /// A member of a structure or union. A path with dots leads through members that are structures
  /// themselves (`lru.next`); what has no name is looked into.
  package func member(_ path: String, of structure: String) -> Member? {
    let names = path.split(separator: ".")
    guard !names.isEmpty, let number = self.structure(structure) else { return nil }
    var member = Member(bitOffset: 0, bitSize: nil, size: nil, type: number)
    for name in names {
      var budget = KernelTypes.budget
      guard
        let next = find(Array(name.utf8), in: resolved(member.type), depth: 0, &budget)
      else { return nil }
      member = Member(
        bitOffset: member.bitOffset &+ next.bitOffset, bitSize: next.bitSize, size: next.size,
        type: next.type)
    }
    return member
  }

  /// Where a member stands, in bytes from the start of its structure.
  package func offset(of path: String, in structure: String) -> UInt64? {
    member(path, of: structure)?.offset
  }

  /// The number of elements of a member that is an array.
  package func count(of path: String, in structure: String) -> UInt64? {
    guard let member = member(path, of: structure),
      let record = table.record(resolved(member.type)), record.kind == .array
    else { return nil }
    return table.array(record).map { UInt64($0.count) }
  }

  /// The values of names of any enumerations, of each the first one.
  ///
  /// - Parameter enumeration: the name of those that are looked into; all are without one.
  package func values(
    of names: [String], in enumeration: String? = nil
  ) -> [String: Int64] {
    var left = names.map { ($0, Array($0.utf8)) }
    var values: [String: Int64] = [:]
    let wanted = enumeration.map { Array($0.utf8) }
    for number in table.enumerations where !left.isEmpty {
      guard let record = table.record(number),
        wanted.map({ table.isName(record.name, $0) }) ?? true
      else { continue }
      for index in 0..<record.count {
        guard let (name, value) = table.enumerator(index, of: record) else { break }
        guard let found = left.firstIndex(where: { table.isName(name, $0.1) }) else { continue }
        values[left[found].0] = value
        left.remove(at: found)
      }
    }
    return values
  }

  /// The value of a name of some enumeration, or of one that has a name itself.
  package func value(of name: String, in enumeration: String? = nil) -> Int64? {
    values(of: [name], in: enumeration)[name]
  }
}

extension KernelTypes {
  /// Members that are looked at for one answer, and how deep what has no name is nested.
  private static let budget = 1 << 16
  private static let deepest = 16

  /// The first structure or union of a name.
  private func structure(_ name: String) -> UInt32? {
    if let number = first(of: table.structures, named: name) { return number }
    guard let alias = first(of: table.others, named: name), case let number = resolved(alias),
      let record = table.record(number), record.kind == .structure || record.kind == .union
    else { return nil }
    return number
  }

  private func first(of numbers: [UInt32], named name: String) -> UInt32? {
    let text = Array(name.utf8)
    return numbers.first { number in
      table.record(number).map { table.isName($0.name, text) } ?? false
    }
  }

  /// What a type is once its other names and its qualifiers are taken away.
  private func resolved(_ number: UInt32) -> UInt32 {
    var number = number
    for _ in 0..<KernelTypes.deepest {
      guard let record = table.record(number) else { return number }
      switch record.kind {
      case .alias, .volatile, .constant, .restrict, .typeTag: number = record.sizeOrType
      default: return number
      }
    }
    return number
  }

  private func find(
    _ name: [UInt8], in number: UInt32, depth: Int, _ budget: inout Int
  ) -> Member? {
    guard depth < KernelTypes.deepest, let record = table.record(number),
      record.kind == .structure || record.kind == .union
    else { return nil }
    for index in 0..<record.count {
      budget -= 1
      guard budget > 0, let member = table.member(index, of: record) else { return nil }
      if !name.isEmpty, table.isName(member.name, name) {
        return Member(
          bitOffset: member.offset, bitSize: member.bits, size: size(of: member.type),
          type: member.type)
      }
      guard table.isAnonymous(member.name),
        let inner = find(name, in: resolved(member.type), depth: depth + 1, &budget)
      else { continue }
      return Member(
        bitOffset: member.offset &+ inner.bitOffset, bitSize: inner.bitSize, size: inner.size,
        type: inner.type)
    }
    return nil
  }

  /// Size of a type in bytes.
  private func size(of number: UInt32) -> UInt64? {
    var number = number
    var count: UInt64 = 1
    for _ in 0..<KernelTypes.deepest {
      guard let record = table.record(number) else { return nil }
      switch record.kind {
      case .integer, .float, .structure, .union, .enumeration, .wideEnumeration:
        return count.multiplied(by: UInt64(record.sizeOrType))
      case .pointer: return count.multiplied(by: UInt64(wordSize))
      case .array:
        guard let (element, elements) = table.array(record),
          let product = count.multiplied(by: UInt64(elements))
        else { return nil }
        (number, count) = (element, product)
      case .alias, .volatile, .constant, .restrict, .typeTag: number = record.sizeOrType
      case .forward, .function, .prototype, .variable, .section, .declarationTag: return nil
      }
    }
    return nil
  }
}

extension UInt64 {
  /// The product, or nil where it does not fit.
  fileprivate func multiplied(by other: UInt64) -> UInt64? {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? nil : product
  }
}
