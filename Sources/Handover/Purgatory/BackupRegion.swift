internal import Bytes
internal import DumpRecords
internal import MemoryImages

/// The load whose memory the purgatory saves, because the second kernel needs that place itself.
package struct BackupRegion: Equatable, Sendable {
  /// Place of the load in the program header table.
  package var index: Int
  /// Where the crashed kernel had the data: `[p_paddr, p_paddr + p_memsz)`.
  package var source: Range<UInt64>
  /// Where the purgatory puts it, inside the crash region: `[p_offset, p_offset + p_memsz)`.
  package var copy: Range<UInt64>
  /// Whether the data is still at its source: before the purgatory has run, the copy is empty and
  /// a reader that follows `p_offset` would see zeros.
  package var isStillAtSource: Bool
}

extension BackupRegion {
  /// The backup region of a header and where its data is at the moment of the image.
  static func find(
    of candidate: CandidateExamination, in memory: PhysicalMemory, option: MomentOption
  ) throws(ReadError) -> (region: BackupRegion, evidence: Message)? {
    guard let (index, load) = candidate.backupLoad,
      let source = load.physicalRange, let copy = load.sourceRange
    else { return nil }
    let state = try state(source, copy, candidate, in: memory, option)
    return (
      BackupRegion(
        index: index, source: source, copy: copy, isStillAtSource: state.isStillAtSource),
      state.evidence
    )
  }

  /// Loads away from their place that are followed: a backup region is one, and firmware-assisted
  /// dumps have one for each region of boot memory (`FADUMP_MAX_MEM_REGS`).
  static let mostMoved = 128

  /// The memory as the crashed kernel had it: the data of a load lies at its `p_offset`, and where
  /// that is not its `p_paddr`, somebody has moved it from there. Of loads that overlap, the first
  /// of the table counts.
  static func crashedMemory(
    of examination: CandidateExamination, _ backup: BackupRegion?, _ memory: PhysicalMemory
  ) -> PhysicalMemory {
    var crashed = memory
    for (index, load) in examination.movedLoads.prefix(mostMoved).reversed() {
      guard index != backup?.index || backup?.isStillAtSource == false,
        let source = load.physicalRange, let copy = load.sourceRange
      else { continue }
      crashed = crashed.redirecting(source, to: copy, of: memory)
    }
    return crashed
  }

  private static func state(
    _ source: Range<UInt64>, _ copy: Range<UInt64>, _ candidate: CandidateExamination,
    in memory: PhysicalMemory, _ option: MomentOption
  ) throws(ReadError) -> (isStillAtSource: Bool, evidence: Message) {
    switch option {
    case .before: return (true, "\(.state)=pre")
    case .after: return (false, "\(.state)=post")
    case .automatic: break
    }
    guard memory.holds(copy) || !memory.holds(source) else {
      return (true, "the backup region \(copy.hex) lies outside the image")
    }
    if try !memory.isZero(copy) {
      return (false, "the backup region \(copy.hex) is filled")
    }
    if try memory.isZero(source) {
      if let list = try PurgatoryList.find(naming: candidate, in: memory),
        case .matches = try PurgatoryDigest(list, backup: nil, in: memory).outcome
      {
        return (
          true,
          "the backup region \(copy.hex) and its source \(source.hex) are both empty, and the "
            + "purgatory's digest still matches"
        )
      }
      return (false, "the backup region \(copy.hex) and its source \(source.hex) are both empty")
    }
    return (true, "the backup region \(copy.hex) is empty, its source \(source.hex) is not")
  }
}
