package import Bytes
package import DumpRecords

/// One of the ways in which a kernel's virtual addresses become physical ones.
package enum Mapping: Sendable {
  /// Addresses whose physical ones are lower by a constant, modulo 2⁶⁴; the last one included.
  case linear(ClosedRange<UInt64>, minus: UInt64)
  /// Stretches, each with a physical address of its own.
  case pieces(PieceMap)
  /// Page by page.
  case pageTable(PageTable)

  /// What the loads of a core header say; loads without a virtual address say nothing.
  package static func loads(_ loads: [ProgramHeader]) -> Mapping {
    .pieces(
      PieceMap(
        firstWins: loads.compactMap { load in
          Range(start: load.virtualAddress, length: load.memorySize).map {
            PieceMap.Piece(range: $0, position: load.physicalAddress)
          }
        }))
  }

  /// The part of a linear mapping that leads to addresses below `end`: behind it other mappings
  /// begin, of which the rule alone knows nothing. Nil where there is none.
  package func limited(to end: UInt64) -> Mapping? {
    guard case .linear(let range, let difference) = self else { return self }
    let last = difference.adding(end &- 1) ?? .max
    guard end > 0, range.overlaps(difference...last) else { return nil }
    return .linear(range.clamped(to: difference...last), minus: difference)
  }
}
