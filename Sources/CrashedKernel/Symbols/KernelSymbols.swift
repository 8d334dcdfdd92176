package import Bytes
package import DumpRecords
package import MemoryImages

/// The symbol table that the crashed kernel carries in its memory (`kernel/kallsyms.c`), reached
/// through the keys that vmcoreinfo has for it since Linux 6.0.
package struct KernelSymbols: Sendable {
  /// The kernel's memory, with the direct map where the table told where it is.
  package private(set) var kernel: KernelMemory
  /// Number of symbols in the table.
  package let count: Int
  private let names: KernelSymbolNames
  private let addresses: KernelSymbolAddresses

  /// The table, or why there is none.
  package enum Answer: Sendable {
    case found(KernelSymbols)
    /// The kernel tells of none, or the image lacks it.
    case absent(String)
    /// What is told cannot be true.
    case corrupt(String)
  }

  /// More symbols than any kernel has: real ones have about 200,000.
  private static let limit: UInt32 = 1 << 23

  /// Symbols whose addresses vmcoreinfo has as well.
  private static let anchors = ["init_uts_ns", "swapper_pg_dir", "_stext"]

  /// Reads the table of a kernel.
  package static func read(
    in memory: PhysicalMemory, _ information: VMCoreInfo, _ architecture: Architecture,
    order: ByteOrder
  ) throws(ReadError) -> Answer {
    guard let translation = AddressTranslation(architecture, information) else {
      return .absent("vmcoreinfo does not say where the kernel image lies in memory")
    }
    let kernel = KernelMemory(
      memory, translation, order: order, wordSize: architecture.wordSize)
    guard let place = information.symbol("kallsyms_num_syms") else {
      return .absent("vmcoreinfo names no symbol table (Linux 6.0 and later do)")
    }
    guard let count = try kernel.number(at: place) else {
      return .absent("the image lacks the symbol table at \(place.hex)")
    }
    guard count > 0, count <= limit else {
      return .corrupt("kallsyms_num_syms at \(place.hex) is \(count), expected 1 to \(limit)")
    }
    guard let names = try KernelSymbolNames(kernel, information, count: Int(count)) else {
      return .corrupt("the names of the \(count) symbols cannot be read")
    }
    return try settle(kernel, information, names, architecture)
  }

  /// Chooses the form of the addresses: the one that agrees with vmcoreinfo.
  private static func settle(
    _ kernel: KernelMemory, _ information: VMCoreInfo, _ names: KernelSymbolNames,
    _ architecture: Architecture
  ) throws(ReadError) -> Answer {
    let wanted = anchors.filter { information.symbol($0) != nil }
    let places = names.indices(of: wanted)
    guard let anchor = wanted.first(where: { places[$0] != nil }), let index = places[anchor],
      let expected = information.symbol(anchor)
    else {
      return .corrupt("the symbol table has none of \(anchors.joined(separator: ", "))")
    }
    var found: [String] = []
    for form in try KernelSymbolAddresses.forms(kernel, information) {
      guard let address = try form.address(of: index, in: kernel) else { continue }
      if address == expected {
        var symbols = KernelSymbols(kernel: kernel, names: names, addresses: form)
        try symbols.addDirectMap(architecture)
        return .found(symbols)
      }
      found.append(address.hex)
    }
    return .corrupt(
      "the symbol table has \(anchor) at \(found.joined(separator: " or ")), "
        + "vmcoreinfo at \(expected.hex)")
  }

  private init(
    kernel: KernelMemory, names: KernelSymbolNames, addresses: KernelSymbolAddresses
  ) {
    self.kernel = kernel
    self.names = names
    self.addresses = addresses
    count = names.count
  }

  /// On x86_64 the direct map moves with KASLR and vmcoreinfo does not say where it is
  /// (`arch/x86/include/asm/page_64.h`); without the variable it is where it always was.
  private mutating func addDirectMap(_ architecture: Architecture) throws(ReadError) {
    guard architecture.name == "x86_64" else { return }
    var start: UInt64 = 0xffff_8880_0000_0000
    if let variable = try address(of: "page_offset_base"),
      let value = try kernel.word(at: variable)
    {
      start = value
    }
    guard start >= 1 << 63, start < AddressTranslation.kernelMap, start % (1 << 30) == 0 else {
      return
    }
    kernel.translation.add(.init(start...AddressTranslation.kernelMap - 1, minus: start))
    directMap = start
  }

  /// Where the direct map begins, where that had to be looked up.
  package private(set) var directMap: UInt64?

  /// The run-time address of a symbol: the first one of that name.
  package func address(of name: String) throws(ReadError) -> UInt64? {
    try addresses(of: [name])[name]
  }

  /// The run-time addresses of several symbols, by one walk through the table.
  package func addresses(of wanted: [String]) throws(ReadError) -> [String: UInt64] {
    var result: [String: UInt64] = [:]
    for (name, index) in names.indices(of: wanted) {
      result[name] = try addresses.address(of: index, in: kernel)
    }
    return result
  }
}
