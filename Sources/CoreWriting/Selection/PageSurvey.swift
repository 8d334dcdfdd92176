package import Bytes
package import CrashedKernel
package import Handover
internal import MemoryImages

/// What all pages of a crashed system are used for, and how many of each kind are zero.
package struct PageSurvey: Sendable {
  /// Frames of the loads.
  package let frameCount: UInt64
  /// How the kernel keeps its struct pages.
  package let modelName: String
  /// Frames by what they are.
  package private(set) var counts = PageCounts()
  /// Those of them that are zero.
  package private(set) var zeros = PageCounts()
  /// Frames whose struct page cannot be read.
  package private(set) var unreadable: UInt64 = 0
  /// Bits of a dump level that cannot be decided, each with what is missing.
  package let refusals: [PageRules.Refusal]
  /// Why the kernel's lists do not tell its free pages, where they would have to.
  package private(set) var listFault: Message?
  /// Why no struct page can be believed.
  package private(set) var contradiction: Message?
  /// What must be known of it.
  package private(set) var warnings: [Finding]
  private let marksPoison: Bool

  /// Looks at all pages and at all struct pages of a system.
  package init(
    of frames: SelectedFrames, in system: CrashedSystem, workers: Int,
    isCancelled: @escaping @Sendable () -> Bool
  ) throws(SelectionError) {
    let census: PageCensus
    switch try PageSelection.census(of: system, frames) {
    case .found(let found): census = found
    case .absent(let why), .corrupt(let why): throw .refused(Message(why))
    }
    frameCount = frames.count
    modelName = census.model.name
    refusals = census.rules.refusals
    warnings = census.warnings
    marksPoison = census.rules.marksPoison
    var walk: FreeListWalk?
    if !census.rules.marksFree {
      listFault = try PageSurvey.refusal { () throws(SelectionError) in
        walk = try FreeListWalk(census, frames)
      }
    }
    var totals = SelectionTotals()
    var scan = SelectionScan(
      frames, census, .all, budget: system.imageMemory.budget, workers: workers,
      isCancelled: isCancelled)
    scan.looksForZeros = true
    let passedOver = try scan.run { tested throws(SelectionError) in
      var marks = tested
      try walk?.apply(to: &marks)
      add(marks)
      totals.add(marks)
    }
    let kind = frames.held == nil ? PageKind.kept : .leftOut
    counts[kind] += passedOver
    zeros[kind] += passedOver
    contradiction = try PageSurvey.refusal { () throws(SelectionError) in
      try totals.check(frames, census)
    }
    warnings += totals.warnings
  }

  /// Why something is refused, as it would be to a dump; nil where it is not.
  private static func refusal(
    _ body: () throws(SelectionError) -> Void
  ) throws(SelectionError) -> Message? {
    do throws(SelectionError) {
      try body()
    } catch {
      guard case .refused(let why) = error else { throw error }
      return why
    }
    return nil
  }

  private mutating func add(_ marks: PageMarks) {
    unreadable += marks.unreadable
    counts += marks.counts
    zeros += marks.zeroCounts
  }

  /// Frames that a dump of a level has: pages of zeros are none. Nil where the level is refused.
  package func frames(at level: DumpLevel) -> UInt64? {
    // Without any of both no struct page is looked at.
    let isTested = marksPoison || !level.isSubset(of: .zero)
    if isTested, contradiction != nil { return nil }
    if listFault != nil, level.contains(.free) { return nil }
    guard refusals.allSatisfy({ $0.level.isDisjoint(with: level) }) else { return nil }
    let kinds = isTested ? level.kinds : []
    var kept: UInt64 = 0
    for kind in PageKind.allCases where kind != .foreign && kind != .leftOut {
      if kind.isExcluded, kinds.contains(PageKinds(kind)) { continue }
      kept += counts[kind] - (level.contains(.zero) ? zeros[kind] : 0)
    }
    return kept
  }
}
