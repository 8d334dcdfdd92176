package import Bytes
package import DumpRecords

/// What is known of a kernel before its page tables are.
package struct PageTableEvidence: Sendable {
  /// The kernel's own description.
  package let information: VMCoreInfo
  /// The kernel's memory by the mappings that need no page tables: its image above all.
  package let memory: VirtualMemory
  /// The address of a symbol by the kernel's own table; nil where that has none of the name, or
  /// cannot be read.
  package let symbol: @Sendable (String) throws(ReadError) -> UInt64?

  /// Evidence from its parts.
  package init(
    _ information: VMCoreInfo, _ memory: VirtualMemory,
    symbol: @escaping @Sendable (String) throws(ReadError) -> UInt64? = { _ in nil }
  ) {
    self.information = information
    self.memory = memory
    self.symbol = symbol
  }

  /// The address of the first symbol that is known, by vmcoreinfo before the kernel's own table.
  package func address(of names: [String]) throws(ReadError) -> UInt64? {
    for name in names {
      if let address = information.symbol(name) { return address }
    }
    for name in names {
      if let address = try symbol(name) { return address }
    }
    return nil
  }

  /// Tables of a form whose first one is a variable of the kernel, by any of its names.
  func table(_ form: PageTableForm, at names: [String]) throws(ReadError) -> PageTable.Answer {
    guard let address = try address(of: names) else {
      return .absent("no \(names.joined(separator: " or ")) is known")
    }
    guard case .at(let root, _) = try memory.translate(address),
      root % UInt64(form.entrySize) == 0
    else {
      return .absent(
        "\(names[0]) at \(address.hex) lies in no part of the kernel whose place is known")
    }
    return .found(PageTable(form, root: root))
  }

  /// The names of the variable that holds the first table on most architectures.
  static let root = ["swapper_pg_dir"]
}
