internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// When the memory was read, as far as it matters for what is read from where.
package struct Moment: Equatable, Sendable {
  package var phase: Phase
  /// What the answer rests on, in words.
  package var evidence: String

  /// The stages of a crash.
  package enum Phase: String, Sendable {
    /// The first kernel runs or hangs: no crash path was entered.
    case running
    /// The crash path was entered; the purgatory has not run, so nothing was moved.
    case before = "crashed, second kernel not started"
    /// The purgatory has run: the backup region holds the low memory.
    case after = "second kernel started"
    /// Crashed, and nothing in the image depends on whether the second kernel has started.
    case crashed
    /// Nothing tells.
    case unknown
  }
}

/// The load whose memory the purgatory saves, because the second kernel needs that place itself.
package struct BackupRegion: Equatable, Sendable {
  /// Place of the load in the program header table.
  package var index: Int
  /// Where the crashed kernel had the data: `[p_paddr, p_paddr + p_memsz)`.
  package var source: Range<UInt64>
  /// Where the purgatory puts it, inside the crash region: `[p_offset, p_offset + p_memsz)`.
  package var copy: Range<UInt64>
  /// Whether the data is still at its source (spec: before the purgatory has run, the copy is
  /// empty and a reader that follows `p_offset` would see zeros).
  package var isStillAtSource: Bool
}

extension BackupRegion {
  /// The backup region of a header and where its data is at the moment of the image.
  static func find(
    in found: FoundHeader, option: MomentOption
  ) throws(ReadError) -> (region: BackupRegion, evidence: String)? {
    guard let (index, load) = found.examination.backupLoad,
      let source = load.physicalRange, let copy = load.sourceRange
    else { return nil }
    let state = try state(source, copy, found, option)
    return (
      BackupRegion(
        index: index, source: source, copy: copy, isStillAtSource: state.isStillAtSource),
      state.evidence
    )
  }

  /// Loads away from their place that are followed: a backup region is one, and firmware-assisted
  /// dumps have one for each region of boot memory (`FADUMP_MAX_MEM_REGS`).
  private static let mostMoved = 128

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
    _ source: Range<UInt64>, _ copy: Range<UInt64>, _ found: FoundHeader, _ option: MomentOption
  ) throws(ReadError) -> (isStillAtSource: Bool, evidence: String) {
    switch option {
    case .before: return (true, "--state=pre")
    case .after: return (false, "--state=post")
    case .automatic: break
    }
    let memory = found.memory
    guard memory.holds(copy) || !memory.holds(source) else {
      return (true, "the backup region \(copy.hex) lies outside the image")
    }
    if try !memory.isZero(copy) {
      return (false, "the backup region \(copy.hex) is filled")
    }
    if try memory.isZero(source) {
      if let list = try PurgatoryList.find(naming: found.examination, in: memory),
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
