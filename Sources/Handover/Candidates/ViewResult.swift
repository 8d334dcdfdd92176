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

/// Which layout of a raw file is the true one.
struct LayoutChoice {
  /// The layouts that are left.
  let possible: [ViewResult]

  /// A layout must let some header pass every rule, or every one that does not only rank: its notes
  /// and its vmcoreinfo are where the header says, which no wrong layout can do. Where several do,
  /// one that holds all of the header's loads is better; address = file offset is the one that
  /// needs no evidence.
  init(_ results: [ViewResult]) {
    let sound = results.filter { !$0.survivors.isEmpty }
    let readable = sound.isEmpty ? results.filter { !$0.doubtful.isEmpty } : sound
    let complete = readable.filter { $0.contenders.contains(where: \.isComplete) }
    let best = complete.isEmpty ? readable : complete
    if let plain = best.first(where: { $0.view.layout == .identity }) {
      possible = [plain]
    } else if best.isEmpty, let plain = results.first(where: { !$0.weak.isEmpty }) {
      possible = [plain]
    } else {
      possible = best
    }
  }

  /// The one that is left, where it is one.
  var chosen: ViewResult? { possible.count == 1 ? possible.first : nil }

  /// The layouts that are left, in words.
  var descriptions: [Message] {
    possible.flatMap { result in
      result.contenders.map { "\(result.view.layout.name): header at \($0.address.hex)" }
    }
  }

  /// The settings that choose.
  var hint: Message { "choose with \(.base) ADDR or \(.machine) NAME" }
}
