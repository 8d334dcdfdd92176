package import Bytes
package import MemoryImages

/// The core header that was chosen, with everything that its choice rests on.
package struct FoundHeader: Sendable {
  /// The memory under the layout that was chosen.
  package let memory: PhysicalMemory
  package let layout: ImageLayout
  package let examination: CandidateExamination
  /// What named its place, best first.
  package let namedBy: [NamedPlace]
  /// Whether the second kernel's own merged header of it was found.
  package let mergedHeader: UInt64?
  package let locators: [LocatorReport]
  package let candidates: [CandidateReport]
  /// Rules that a header chosen by the user breaks.
  package let warnings: [Finding]
}
