package import Bytes
package import MemoryImages

/// A kernel's memory by virtual address. An address is looked for page by page, because what lies
/// beside each other there can lie anywhere in physical memory.
package struct VirtualMemory: Sendable {
  /// The memory of that kernel by physical address.
  package let memory: PhysicalMemory
  /// Byte order of the kernel.
  package let order: ByteOrder
  /// Size of a pointer in bytes: 4 or 8.
  package let wordSize: Int
  /// The first one that knows an address is the one.
  package let mappings: [Mapping]
  /// Of each mapping that is a page table, what was read of it.
  private let caches: [TranslationCache?]

  /// Memory under mappings. Best come first the mappings that need no page tables, limited to
  /// what memory there is (`Mapping.limited`), so that nothing else is taken for them.
  package init(
    _ memory: PhysicalMemory, order: ByteOrder, wordSize: Int, mappings: [Mapping]
  ) {
    self.memory = memory
    self.order = order
    self.wordSize = wordSize
    self.mappings = mappings
    caches = mappings.map { mapping in
      guard case .pageTable(let table) = mapping else { return nil }
      return TranslationCache(table, in: memory, order: order)
    }
  }

  /// The same with further mappings behind the ones it has.
  package func adding(_ more: [Mapping]) -> VirtualMemory {
    VirtualMemory(memory, order: order, wordSize: wordSize, mappings: mappings + more)
  }

  /// Where an address is in physical memory. A mapping that does not have it leaves it to the next
  /// one; a page table that the image lacks, or that is damaged, does not.
  package func translate(_ address: UInt64) throws(ReadError) -> Translated {
    /// Bytes from the address on that no mapping before this one has.
    var free = UInt64.max
    var level = 0
    for (mapping, cache) in zip(mappings, caches) {
      switch try translate(address, mapping, cache) {
      case .at(let physical, let count): return .at(physical, upTo: min(count, free))
      case .notMapped(let found):
        free = min(free, mapping.gap(at: address, level: found))
        level = max(level, found)
      case let answer: return answer
      }
    }
    return .notMapped(level: level)
  }

  /// What one mapping says of an address.
  private func translate(
    _ address: UInt64, _ mapping: Mapping, _ cache: TranslationCache?
  ) throws(ReadError) -> Translated {
    switch mapping {
    case .linear(let range, let difference):
      guard range.contains(address) else { return .notMapped(level: 0) }
      return .at(
        address &- difference, upTo: (range.upperBound - address).adding(1) ?? .max)
    case .pieces(let map):
      guard let piece = map.piece(endingAfter: address), piece.range.contains(address) else {
        return .notMapped(level: 0)
      }
      return .at(
        piece.position &+ (address - piece.range.lowerBound),
        upTo: piece.range.upperBound - address)
    case .pageTable:
      return try cache?.translate(address) ?? .notMapped(level: 0)
    }
  }
}

extension Mapping {
  /// How many bytes from an address on the mapping surely does not have, where it lacks the first.
  fileprivate func gap(at address: UInt64, level: Int) -> UInt64 {
    switch self {
    case .linear(let range, _):
      range.lowerBound > address ? range.lowerBound - address : .max
    case .pieces(let map):
      map.piece(endingAfter: address).map { $0.range.lowerBound &- address } ?? .max
    case .pageTable(let table): table.gap(at: address, level: level)
    }
  }
}
