package import Bytes
internal import CrashedKernel
internal import DumpRecords

/// When the memory was read, as far as it matters for what is read from where.
package struct Moment: Equatable, Sendable {
  package var phase: Phase
  /// What the answer rests on, in words.
  package var evidence: Message

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

extension Moment {
  /// What the backup region, the second kernel's own header, vmcoreinfo and the CPUs tell.
  static func of(
    backup: (region: BackupRegion, evidence: Message)?, merged: UInt64?, vmCoreInfo: VMCoreInfo?,
    _ processors: [Processor], lacksNotes: Bool = false
  ) -> Moment {
    let hasCrashed = vmCoreInfo?.crashTime != nil || processors.contains { $0.state != nil }
    // Notes that the image lacks tell nothing, and CRASHTIME is the last line of a text.
    let isKnown =
      hasCrashed
      || (vmCoreInfo != nil || !processors.isEmpty) && vmCoreInfo?.isCut != true
        && processors.allSatisfy(\.isHeld)
    if let backup, backup.region.isStillAtSource {
      let isRunning = isKnown && !lacksNotes
      return Moment(
        phase: hasCrashed ? .before : isRunning ? .running : .unknown, evidence: backup.evidence)
    }
    if let merged {
      let text: Message = "the second kernel's own header at \(merged.hex) has the same loads"
      return Moment(phase: .after, evidence: backup.map { "\($0.evidence); \(text)" } ?? text)
    }
    if let time = vmCoreInfo?.crashTime {
      return Moment(
        phase: backup == nil ? .crashed : .after,
        evidence: backup?.evidence ?? "vmcoreinfo has CRASHTIME=\(time)")
    }
    if processors.contains(where: { $0.state != nil }) {
      return Moment(phase: .crashed, evidence: "CPU registers were saved")
    }
    if lacksNotes {
      return Moment(phase: .unknown, evidence: "notes lie in memory that the file lacks")
    }
    guard isKnown else {
      return Moment(
        phase: .unknown,
        evidence: vmCoreInfo?.isCut == true
          ? "the text of vmcoreinfo is cut off before its end, where CRASHTIME would stand"
          : "the CPUs' notes are not in the image")
    }
    return Moment(
      phase: .running,
      evidence: vmCoreInfo == nil
        ? "no CPU registers were saved"
        : "no CRASHTIME in vmcoreinfo, no CPU registers were saved")
  }
}
