internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// What the rules say of every candidate under one layout.
struct ViewResult: Sendable {
  let view: ImageView
  /// Candidates that break no rule.
  private(set) var survivors: [CandidateExamination] = []
  /// Candidates whose notes are where they say, but that break other rules.
  private(set) var doubtful: [CandidateExamination] = []
  /// Candidates whose notes cannot be relied on.
  private(set) var weak: [CandidateExamination] = []
  /// Those that break a rule, with the first one that each breaks: as many as are listed.
  private(set) var rejected: [CandidateReport] = []

  init(_ view: ImageView, _ evidence: Evidence) throws(ReadError) {
    self.view = view
    let held = view.memory.present
    for (address, header) in try evidence.headers(in: view) {
      let examination = try CandidateExamination(
        header, at: address, in: view.memory, holding: held)
      try view.memory.budget?.spend(
        UInt64(MemoryLayout<CandidateExamination>.stride), .keeping,
        on: "the look-alikes of a core header")
      guard let rejection = examination.rejections.first else {
        survivors.append(examination)
        continue
      }
      if rejected.count < Reports.limit {
        rejected.append(CandidateReport(address: address, rejection: rejection))
      }
      if examination.isExcluded { continue }
      if examination.rejections.contains(where: \.rule.isAboutNotes) {
        weak.append(examination)
      } else {
        doubtful.append(examination)
      }
    }
  }

  /// Those that the choice is among, the best first.
  var candidates: [CandidateExamination] { survivors + doubtful + weak }

  /// The best of them, as far as the rules tell.
  var contenders: [CandidateExamination] {
    if !survivors.isEmpty { return survivors }
    return doubtful.isEmpty ? weak : doubtful
  }
}
