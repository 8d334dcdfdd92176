package import Bytes
package import DumpRecords

/// The core header that a file brings along because it is a dump already: it is kept when the
/// file is converted, with its notes and its loads.
package struct StoredCore: Sendable {
  /// Its notes and loads, whole or cut to what the file holds; `p_offset` is an offset in ``file``.
  package private(set) var header: CoreHeader
  /// Where notes stand, and the data of loads where ``hasLoadsInFile`` is set.
  package let file: any ByteSource
  /// Whether a load's data stands at its `p_offset` of the file; else it is read from memory.
  package let hasLoadsInFile: Bool
  /// Whether header, notes and loads already stand where makedumpfile and crash look for them.
  package let isWellPlaced: Bool
  /// Memory that the file should hold and does not.
  package let missing: [Range<UInt64>]
  /// What else a kdump-compressed file says of the machine; nil for an ELF core.
  package let machine: StoredMachine?

  /// A stored header from its parts.
  package init(
    header: CoreHeader, file: any ByteSource, hasLoadsInFile: Bool, isWellPlaced: Bool,
    missing: [Range<UInt64>], machine: StoredMachine? = nil
  ) {
    self.header = header
    self.file = file
    self.hasLoadsInFile = hasLoadsInFile
    self.isWellPlaced = isWellPlaced
    self.missing = missing
    self.machine = machine
  }

  /// The same with another header for the same notes and memory.
  package func with(_ header: CoreHeader) -> StoredCore {
    var stored = self
    stored.header = header
    return stored
  }

  /// The file as if it were memory, address = file offset: notes are walked in it.
  package var fileAsMemory: PhysicalMemory {
    let region = MemoryRegion(range: 0..<file.size, source: file, offset: 0)
    return PhysicalMemory(region: region)
  }
}
