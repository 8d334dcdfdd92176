/// A random core header and the small memory that it speaks of.
package struct RandomHeader: Sendable {
  /// The seed that makes this header again.
  package let seed: UInt64
  /// The physical address of the header.
  package let address: UInt64
  /// The header; it is part of the memory, too.
  package let header: [UInt8]
  /// All memory, from physical address 0.
  package let memory: [UInt8]
  /// The page size of the second kernel.
  package let pageSize: UInt64
  /// The layout of the second kernel.
  package let compat: LayoutModel.Compat
  /// Whether PT_NOTEs that do not come first are deleted by position.
  package let exact: Bool

  /// The bytes at an address; zero outside of the memory.
  package func read(_ address: UInt64, _ count: Int) -> [UInt8] {
    let size = UInt64(memory.count)
    let start = min(address, size)
    let end = min(start + UInt64(count), size)
    let bytes = Array(memory[Int(start)..<Int(end)])
    return bytes + repeatElement(0, count: count - bytes.count)
  }

  /// The bytes of /proc/vmcore.
  package func expectedVMCore() throws(LayoutModel.Refusal) -> [UInt8] {
    try LayoutModel(compat: compat, pageSize: pageSize, exact: exact)
      .vmcore(header: header) { read($0, $1) }
  }
}
