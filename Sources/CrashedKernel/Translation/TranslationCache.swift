internal import Bytes
internal import MemoryImages

/// What was last read of a kernel's page tables, for all copies of a `VirtualMemory`: the tables,
/// and the stretches of memory that they led to. Of fixed size.
final class TranslationCache: @unchecked Sendable {
  /// The tables.
  private let table: PageTable
  /// Held while what stands below is used.
  private let lock = Lock()
  /// The pieces of tables that were read last.
  private var reader: PageTableReader
  /// The stretches that were found last.
  private var stretches: [Stretch] = []
  /// The stretch that the next one replaces.
  private var oldest = 0

  /// Stretches that are kept.
  private static let capacity = 8

  /// Virtual memory that lies in a row in physical memory: what one entry maps.
  private struct Stretch {
    /// The first virtual address that was asked for.
    let start: UInt64
    /// Bytes from there to the end.
    let size: UInt64
    /// The physical address of the first one.
    let physical: UInt64
  }

  /// Nothing, of the tables in a memory.
  init(_ table: PageTable, in memory: PhysicalMemory, order: ByteOrder) {
    self.table = table
    reader = PageTableReader(memory, table.form, order: order)
  }

  /// The same as `PageTable.translate`.
  func translate(_ address: UInt64) throws(ReadError) -> Translated {
    try lock.withLock { () throws(ReadError) -> Translated in
      if let known = stretches.first(where: { address &- $0.start < $0.size }) {
        let offset = address - known.start
        return .at(known.physical + offset, upTo: known.size - offset)
      }
      let result = try table.translate(address, through: &reader)
      if case .at(let physical, let size) = result {
        keep(Stretch(start: address, size: size, physical: physical))
      }
      return result
    }
  }

  /// Keeps one more stretch, in place of the oldest one where there are enough.
  private func keep(_ stretch: Stretch) {
    if stretches.count < TranslationCache.capacity {
      stretches.append(stretch)
    } else {
      stretches[oldest] = stretch
      oldest = (oldest + 1) % TranslationCache.capacity
    }
  }
}
