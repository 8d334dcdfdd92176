package import Bytes
package import DumpRecords

/// The symbol table that a kernel carries in its memory (`kernel/kallsyms.c`), reached through the
/// keys that vmcoreinfo has for it since Linux 6.0.
package struct KernelSymbols: Sendable {
  /// Number of symbols in the table.
  package let count: Int
  private let names: KernelSymbolNames
  private let addresses: KernelSymbolAddresses
  /// Where names stand in the table that everybody asks for; nil where it has none of the name.
  private let known: [String: Int?]
  private let memory: VirtualMemory

  /// More symbols than any kernel has: real ones have about 200,000.
  private static let limit: UInt32 = 1 << 23

  /// Symbols whose addresses vmcoreinfo has as well.
  private static let anchors = ["init_uts_ns", "swapper_pg_dir", "_stext"]

  /// Reads the table of a kernel, which lies in its image. Symbols that are expected to be asked
  /// for are found by the one walk that is needed anyway.
  package static func read(
    _ information: VMCoreInfo, in memory: VirtualMemory, expecting names: [String] = []
  ) throws(ReadError) -> Answer<KernelSymbols> {
    guard let place = information.symbol("kallsyms_num_syms") else {
      return .absent("vmcoreinfo names no symbol table (Linux 6.0 and later do)")
    }
    guard let count = try memory.read(UInt32.self, at: place).value else {
      return .absent("the image lacks the symbol table at \(place.hex)")
    }
    guard count > 0, count <= limit else {
      return .corrupt("kallsyms_num_syms at \(place.hex) is \(count), expected 1 to \(limit)")
    }
    guard let table = try KernelSymbolNames(memory, information, count: Int(count)),
      case let wanted = Set(names + anchors), let places = try table.indices(of: wanted)
    else {
      return .corrupt("the names of the \(count) symbols cannot be read")
    }
    let known = Dictionary(uniqueKeysWithValues: wanted.map { ($0, places[$0]) })
    return try settle(information, table, known, in: memory)
  }

  /// Chooses the form of the addresses: the one that agrees with vmcoreinfo.
  private static func settle(
    _ information: VMCoreInfo, _ names: KernelSymbolNames, _ known: [String: Int?],
    in memory: VirtualMemory
  ) throws(ReadError) -> Answer<KernelSymbols> {
    let wanted = anchors.filter { information.symbol($0) != nil }
    guard let anchor = wanted.first(where: { known[$0] != .some(nil) }),
      case .some(.some(let index)) = known[anchor], let expected = information.symbol(anchor)
    else {
      return .corrupt("the symbol table has none of \(anchors.joined(separator: ", "))")
    }
    var found: [String] = []
    for form in try KernelSymbolAddresses.forms(memory, information) {
      guard let address = try form.address(of: index, in: memory) else { continue }
      if address == expected {
        return .found(KernelSymbols(names, known, form, in: memory))
      }
      found.append(address.hex)
    }
    return .corrupt(
      "the symbol table has \(anchor) at \(found.joined(separator: " or ")), "
        + "vmcoreinfo at \(expected.hex)")
  }

  private init(
    _ names: KernelSymbolNames, _ known: [String: Int?], _ addresses: KernelSymbolAddresses,
    in memory: VirtualMemory
  ) {
    self.names = names
    self.known = known
    self.addresses = addresses
    self.memory = memory
    count = names.count
  }

  /// The run-time address of a symbol: the first one of that name.
  package func address(of name: String) throws(ReadError) -> UInt64? {
    try addresses(of: [name])[name]
  }

  /// The run-time addresses of several symbols, by at most one walk through the table.
  package func addresses(of wanted: [String]) throws(ReadError) -> [String: UInt64] {
    var places: [String: Int] = [:]
    for name in wanted { places[name] = known[name] ?? nil }
    let others = Set(wanted).subtracting(known.keys)
    if !others.isEmpty, let found = try names.indices(of: others) {
      places.merge(found) { one, _ in one }
    }
    var result: [String: UInt64] = [:]
    for (name, index) in places {
      result[name] = try addresses.address(of: index, in: memory)
    }
    return result
  }
}
