internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// What the rules say of every candidate under one layout.
struct ViewResult: Sendable {
  let view: ImageView
  /// Candidates that break no rule.
  private(set) var survivors: [CandidateExamination] = []
  /// Candidates that break no other rules than those that only rank.
  private(set) var doubtful: [CandidateExamination] = []
  /// Candidates whose notes cannot be read but that break no other rule.
  private(set) var weak: [CandidateExamination] = []
  /// The others, with the first rule that each breaks.
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
      if examination.rejections.allSatisfy(\.rule.onlyRanks) {
        doubtful.append(examination)
      } else if examination.rejections.allSatisfy({
        $0.rule == .readableNotes || $0.rule == .oneVMCoreInfo
      }) {
        weak.append(examination)
      }
    }
    for place in evidence.unread {
      guard let address = view.address(ofScanned: place) else { continue }
      rejected.append(
        CandidateReport(
          address: address,
          rejection: Rejection(.acceptable, "not looked at: too many look-alikes before it")))
    }
  }

  /// Those that the choice is among: the best that there are.
  var contenders: [CandidateExamination] {
    if !survivors.isEmpty { return survivors }
    return doubtful.isEmpty ? weak : doubtful
  }
}
