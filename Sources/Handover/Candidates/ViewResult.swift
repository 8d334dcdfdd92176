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
  /// All that break a rule, with the first one that each breaks.
  private(set) var rejected: [CandidateReport] = []

  init(
    _ view: ImageView, _ evidence: Evidence, budget: inout ExaminationBudget
  ) throws(ReadError) {
    self.view = view
    for (place, header) in evidence.headers {
      guard let address = view.address(ofScanned: place) else { continue }
      let examination = try CandidateExamination(
        header, at: address, in: view.memory, budget: &budget)
      guard let rejection = examination.rejections.first else {
        survivors.append(examination)
        continue
      }
      rejected.append(CandidateReport(address: address, rejection: rejection))
      if examination.isExcluded { continue }
      if examination.rejections.contains(where: \.rule.isAboutNotes) {
        weak.append(examination)
      } else {
        doubtful.append(examination)
      }
    }
    for place in evidence.unread {
      guard let address = view.address(ofScanned: place) else { continue }
      rejected.append(
        CandidateReport(
          address: address,
          rejection: CandidateExamination.tooMany))
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
