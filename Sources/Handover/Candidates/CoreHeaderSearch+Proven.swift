internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// What is read only to find the header is read twice where the vmcore shows it, so the search ends
/// as soon as nothing in the rest could change its answer.
extension CoreHeaderSearch {
  /// The header that likely places and the memory outside its loads prove to be the one; nil where
  /// they do not, or where everything shall be reported.
  func provenHeader() throws(ReadError) -> FoundHeader? {
    guard !options.isThorough, options.coreHeader == nil else { return nil }
    var looks = 0
    var known = (headers: 0, notes: 0)
    for part in try scene.likelyPlaces().parts where looks < CoreHeaderSearch.mostLooks {
      try scene.scan(part)
      if scene.begun.hits(of: .vmCoreInfoNote).addresses.count > known.notes {
        try scanLoadedSegments()
      }
      let notes = scene.begun.hits(of: .vmCoreInfoNote).addresses.count
      let headers = scene.begun.hits(of: .coreHeader).addresses.count
      if options.isCancelled() || max(notes, headers) > CoreHeaderSearch.mostHits { return nil }
      if notes > known.notes || headers > known.headers { looks += 1 }
      defer { known = (headers, notes) }
      guard headers > known.headers,
        let (found, view) = try proven(by: scene.begunEvidence())
      else { continue }
      try scanOutside(found.examination, in: view)
      return options.isCancelled() ? nil : try proven(by: scene.begunEvidence())?.found
    }
    return nil
  }

  /// A kernel of which only the vmcoreinfo was found may tell what it had loaded for a crash.
  private func scanLoadedSegments() throws(ReadError) {
    let evidence = try scene.begunEvidence()
    for view in try scene.views(evidence).prefix(CoreHeaderSearch.mostViews) {
      for found in try VMCoreInfoSearch(evidence, in: view).found.prefix(1) {
        guard let image = try KexecImage.read(found.kernel).value else { continue }
        let ranges = image.segments.flatMap(view.scannedRanges)
          .compactMap(CoreHeaderSearch.wholePages)
        let all = RangeSet(try scene.searchedImage().memory.regions.map(\.range))
        for range in ranges { try scene.scan(all.clamped(to: range)) }
        return
      }
    }
  }

  /// More headers or notes than likely places hold, if nobody tries to keep the search busy.
  private static let mostHits = 32
  /// How often it is tried.
  private static let mostLooks = 6
  /// Layouts of a raw file that are tried so early.
  private static let mostViews = 8

  /// Looks at all that no load shows: whatever the second kernel has left lies there.
  private func scanOutside(
    _ winner: CandidateExamination, in view: ImageView
  ) throws(ReadError) {
    let shown = winner.soundLoads.compactMap(\.segment.physicalRange)
      .flatMap(view.scannedRanges).compactMap(CoreHeaderSearch.wholePages)
    let all = try scene.searchedImage().memory.regions.map(\.range)
    try scene.scan(RangeSet(all).subtracting(RangeSet(shown)))
  }

  private static func wholePages(of range: Range<UInt64>) -> Range<UInt64>? {
    guard let start = range.lowerBound.roundedUp(to: 4096),
      case let end = range.upperBound.roundedDown(to: 4096), start < end
    else { return nil }
    return start..<end
  }

  /// The header that evidence leads to, where that proves it.
  private func proven(
    by evidence: Evidence
  ) throws(ReadError) -> (found: FoundHeader, view: ImageView)? {
    let views = try scene.views(evidence)
    guard case .found(let found) = try chooseByRules(evidence, views), found.warnings.isEmpty,
      let view = views.first(where: { $0.layout == found.layout }), try isProven(found)
    else { return nil }
    guard view.isOpen else { return (found, view) }
    let proof = try LayoutProof(
      view, [found.examination], FirmwareMap.all(of: evidence), options.moment)
    return proof.isSettled ? (found, view) : nil
  }

  /// Whether the kernel that lies in memory has the header loaded, or something names it and the
  /// second kernel's own header or the purgatory's digest confirms that.
  private func isProven(_ found: FoundHeader) throws(ReadError) -> Bool {
    let winner = found.examination
    var presences = CandidatePresences()
    guard winner.vmCoreInfo?.type == .vmCoreInfo,
      try presences.presence(of: winner, in: found.memory).isConfirmed
    else { return false }
    if found.namedBy.contains(where: { $0.locator == .kexecImage }) { return true }
    if found.namedBy.isEmpty { return false }
    if found.mergedHeader != nil { return true }
    guard let list = try PurgatoryList.find(naming: winner, in: found.memory) else { return false }
    let backup = winner.backupLoad?.segment.sourceRange
    switch try PurgatoryDigest(list, backup: backup, in: found.memory).outcome {
    case .matches, .matchesWithEmptyBackup: return true
    case .differs, .incomplete: return false
    }
  }
}
