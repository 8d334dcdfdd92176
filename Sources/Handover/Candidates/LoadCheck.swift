internal import Bytes
package import DumpRecords

/// Which loads of a core header can be ranges of physical memory at all.
package struct LoadCheck: Sendable {
  /// Loads that no machine can have, by their place in the table, each with the reason.
  package let unsound: [Int: String]

  /// Looks at every PT_LOAD.
  package init(_ header: CoreHeader) {
    var unsound: [Int: String] = [:]
    for (index, load) in header.segments(of: .load) {
      unsound[index] = LoadCheck.fault(of: load, header.elfClass)
    }
    self.unsound = unsound
  }

  private static func fault(of load: ProgramHeader, _ elfClass: ELFClass) -> String? {
    let found = "p_offset \(load.offset.hex), p_memsz \(load.memorySize.hex)"
    guard let range = load.sourceRange else {
      return "\(found): ends beyond 2⁶⁴, expected a range of physical memory"
    }
    // A negative size, as memory that was taken out leaves one (class 64: beyond 2⁶⁴).
    guard elfClass == .bits64 || range.upperBound <= 1 << 32 else {
      return "\(found): ends beyond 2³², expected a range of what class 32 can say"
    }
    guard range.upperBound <= PhysicalAddress.end else {
      return "\(found): ends at \(range.upperBound.hex), expected a physical address of at most "
        + "\(PhysicalAddress.bits) bits"
    }
    return nil
  }
}
