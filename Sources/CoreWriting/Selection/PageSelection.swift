package import Bytes
package import CrashedKernel
internal import DumpRecords
internal import MemoryImages
package import Handover

/// Which page frames a dump leaves out, at one level.
package struct PageSelection: Sendable {
  /// What was asked for.
  package let level: DumpLevel
  /// Frames by what they are; those that the image lacked already count apart.
  package let counts: PageCounts
  /// Frames of the loads.
  package let frameCount: UInt64
  /// Frames that are kept because their struct page cannot be read.
  package let unreadable: UInt64
  /// What must be known of it.
  package let warnings: [Finding]
  private let bits: FrameBits?

  /// Nothing but zeros is left out.
  init(_ level: DumpLevel, of frames: SelectedFrames, warnings: [Finding] = []) {
    self.level = level
    counts = PageCounts()
    frameCount = frames.count
    unreadable = 0
    self.warnings = warnings
    bits = nil
  }

  /// Nothing at all is left out.
  package init(nothingOf frames: SelectedFrames) {
    self.init([], of: frames)
  }

  private init(
    _ level: DumpLevel, of frames: SelectedFrames, _ bits: FrameBits, _ totals: SelectionTotals,
    warnings: [Finding]
  ) {
    self.level = level
    counts = totals.counts
    frameCount = frames.count
    unreadable = totals.unreadable
    self.warnings = warnings
    self.bits = totals.counts.excluded > 0 ? bits : nil
  }

  /// Selects the frames of a crashed system.
  package static func make(
    _ level: DumpLevel, of frames: SelectedFrames, in system: CrashedSystem, workers: Int,
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(SelectionError) -> PageSelection {
    let census: PageCensus
    switch try PageSelection.census(of: system, frames) {
    case .found(let found): census = found
    case .absent(let why), .corrupt(let why):
      guard level.isSubset(of: .zero) else {
        throw .refused("dump level \(level): \(why)")
      }
      return PageSelection(level, of: frames)
    }
    guard level.isSubset(of: .zero) == false || census.rules.marksPoison else {
      return PageSelection(level, of: frames)
    }
    try refuse(level, census.rules)
    return try make(
      level, of: frames, by: census, budget: system.imageMemory.budget, workers: workers,
      isCancelled: isCancelled)
  }

  /// The census of a system, or why there is none.
  package static func census(
    of system: CrashedSystem, _ frames: SelectedFrames
  ) throws(SelectionError) -> Answer<PageCensus> {
    guard let kernel = system.kernel else {
      return .absent(
        system.vmCoreInfo == nil ? "the image has no vmcoreinfo" : Kernel.absence)
    }
    guard kernel.information.pageSize == frames.pageSize else {
      return .absent(
        "the kernel's pages have \(kernel.information.pageSize ?? 0) bytes, those of the dump "
          + "\(frames.pageSize)")
    }
    do throws(ReadError) {
      return try PageCensus.read(kernel, lowest: frames.lowest)
    } catch {
      throw .read(error)
    }
  }

  /// Names what cannot be decided.
  private static func refuse(
    _ level: DumpLevel, _ rules: PageRules
  ) throws(SelectionError) {
    for refusal in rules.refusals where !refusal.level.isDisjoint(with: level) {
      throw .refused(
        "dump level \(refusal.level.intersection(level)) cannot be decided: \(refusal.why)")
    }
  }

  private static func make(
    _ level: DumpLevel, of frames: SelectedFrames, by census: PageCensus, budget: Budget?,
    workers: Int,
    isCancelled: @escaping @Sendable () -> Bool
  ) throws(SelectionError) -> PageSelection {
    var builder: FrameBits.Builder
    do throws(OpenError) { builder = try .init(frames.existing.ranges) } catch {
      throw .noSpace(error)
    }
    let walk =
      level.contains(.free) && !census.rules.marksFree ? try FreeListWalk(census, frames) : nil
    var totals = SelectionTotals()
    try SelectionScan(
      frames, census, level, budget: budget, workers: workers, isCancelled: isCancelled
    )
    .run { tested throws(SelectionError) in
      var marks = tested
      try walk?.apply(to: &marks)
      totals.add(marks)
      do throws(OpenError) {
        try builder.set(marks.excluded, from: marks.frames.lowerBound)
      } catch {
        throw .noSpace(error)
      }
    }
    try totals.check(frames, census)
    do throws(OpenError) {
      return PageSelection(
        level, of: frames, try builder.finish(), totals, warnings: census.warnings + totals.warnings
      )
    } catch {
      throw .noSpace(error)
    }
  }

  /// The frames from one on that are left out, or kept, like it.
  package func stretch(at frame: UInt64) -> FrameBits.Stretch {
    guard let bits else { return FrameBits.Stretch(isSet: false, end: .max) }
    // A file that cannot be read any more leaves nothing out.
    return (try? bits.stretch(at: frame)) ?? FrameBits.Stretch(isSet: false, end: frame + 1)
  }
}

/// What a census comes to.
struct SelectionTotals {
  var counts = PageCounts()
  var unreadable: UInt64 = 0
  var tested: UInt64 = 0
  var contradictions = PageContradictions()

  mutating func add(_ marks: PageMarks) {
    counts += marks.counts
    unreadable += marks.unreadable
    tested += marks.tested
    contradictions += marks.contradictions
  }

  /// Contradictions that a crash inside the allocator explains.
  private static let tolerated: UInt64 = 64

  /// Refuses a census that cannot be that of a kernel.
  mutating func check(
    _ frames: SelectedFrames, _ census: PageCensus
  ) throws(SelectionError) {
    guard tested > 0 else {
      throw .refused(
        "the kernel's struct pages cannot be read: none of \(frames.tested.length) is where "
          + "vmcoreinfo says")
    }
    let wrong = contradictions.freeBlocks + contradictions.folios
    guard wrong <= SelectionTotals.tolerated || wrong <= tested / 1000 else {
      throw .refused(
        "the kernel's struct pages contradict themselves: of \(tested) that were read, "
          + "\(contradictions.freeBlocks) free blocks and \(contradictions.folios) compound pages "
          + "have a size that they cannot have")
    }
    try checkFreeAreas(census)
  }

  /// Holds the free pages that were found against those that the kernel counts itself, which may
  /// have crashed while it counted.
  private mutating func checkFreeAreas(_ census: PageCensus) throws(SelectionError) {
    guard census.rules.marksFree, !census.rules.hasUnaccepted, counts[.free] > 0,
      case .found(let areas) = census.freeAreas
    else { return }
    let counted: UInt64?
    do throws(ReadError) { counted = try areas.count() } catch { throw .read(error) }
    guard let counted else { return }
    let found = counts[.free]
    guard found <= counted + counted / 16 + areas.mostInFlight else {
      throw .refused(
        "the kernel's struct pages contradict themselves: \(found) pages are marked as free, and its "
          + "zones count \(counted)")
    }
  }

  var warnings: [Finding] {
    var warnings: [Finding] = []
    if unreadable > 0 {
      warnings.append(
        Finding("\(unreadable) pages are kept because their struct page cannot be read"))
    }
    if contradictions.protected > 0 {
      warnings.append(
        Finding(
          "\(contradictions.protected) pages of the kernel's image, or reserved ones, are kept though "
            + "their struct page says that they are something else"))
    }
    if contradictions.freeBlocks > 0 {
      warnings.append(
        Finding("\(contradictions.freeBlocks) free blocks of an impossible size are kept"))
    }
    return warnings
  }
}
