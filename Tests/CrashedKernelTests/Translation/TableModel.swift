import Bytes
import CrashedKernel
import MemoryImages
import TestSupport

/// Page tables that a test writes: it makes entries of addresses, the opposite of what the program
/// does, from the numbers in the manuals of the architectures.
struct TableModel {
  /// The tables of one level.
  struct Step {
    /// The lowest bit of an address that chooses the entry, and how many bits do.
    let shift: UInt64
    let bits: UInt64
    /// An entry that leads to a table.
    var table: @Sendable (UInt64) -> UInt64 = { $0 }
    /// An entry that maps memory; nil where the level cannot.
    var leaf: (@Sendable (UInt64) -> UInt64)?
    /// An entry that is not used.
    var empty: UInt64 = 0
  }

  let steps: [Step]
  let entrySize: UInt64
  let order: ByteOrder
  let root: UInt64 = 0x20_0000
  private var memory = SparseMemory()
  private var end: UInt64
  /// Tables that stand in memory, and the ones that their entries lead to.
  private var tables: [UInt64: UInt64] = [:]

  init(_ steps: [Step], entrySize: UInt64 = 8, order: ByteOrder = .little) {
    self.steps = steps
    self.entrySize = entrySize
    self.order = order
    end = root
    _ = addTable(steps[0])
  }

  /// Maps memory by an entry of one step, and makes the tables that lead there.
  mutating func map(_ address: UInt64, to physical: UInt64, by step: Int) {
    for above in 0..<step where tables[place(of: address, in: above)] == nil {
      let place = place(of: address, in: above)
      let table = addTable(steps[above + 1])
      tables[place] = table
      write(steps[above].table(table), at: place)
    }
    write(steps[step].leaf?(physical) ?? 0, at: place(of: address, in: step))
  }

  /// Where the entry for an address stands in the table of a step.
  func place(of address: UInt64, in step: Int) -> UInt64 {
    var table = root
    for above in 0..<step { table = tables[entry(address, above, table)] ?? 0 }
    return entry(address, step, table)
  }

  private func entry(_ address: UInt64, _ step: Int, _ table: UInt64) -> UInt64 {
    table + (address >> steps[step].shift) % (1 << steps[step].bits) * entrySize
  }

  private mutating func addTable(_ step: Step) -> UInt64 {
    let table = end
    let count = 1 << Int(step.bits)
    let bytes = [[UInt8]](repeating: bytes(of: step.empty), count: count).flatMap { $0 }
    end += (UInt64(bytes.count) + 0xffff) / 0x10000 * 0x10000
    memory.write(bytes, at: table)
    return table
  }

  /// Writes an entry.
  mutating func write(_ entry: UInt64, at place: UInt64) {
    memory.write(bytes(of: entry), at: place)
  }

  private func bytes(of entry: UInt64) -> [UInt8] {
    let bytes = (0..<entrySize).map { UInt8(truncatingIfNeeded: entry >> (8 * $0)) }
    return order == .little ? bytes : bytes.reversed()
  }

  /// Writes other bytes.
  mutating func write(_ bytes: [UInt8], at address: UInt64) {
    memory.write(bytes, at: address)
  }

  /// The memory that was written, and nothing else.
  func physicalMemory() throws -> PhysicalMemory {
    try PhysicalMemory(
      regions: memory.written(in: 0..<1 << 56).map { range in
        let bytes = memory.read(range.lowerBound, Int(range.length))
        return MemoryRegion(
          range: range, source: ByteArraySource(bytes, name: "tables"), offset: 0)
      })
  }

  /// Virtual memory by the tables alone.
  func virtualMemory(_ form: PageTableForm) throws -> VirtualMemory {
    VirtualMemory(
      try physicalMemory(), order: order, wordSize: entrySize == 4 ? 4 : 8,
      mappings: [.pageTable(PageTable(form, root: root))])
  }
}
