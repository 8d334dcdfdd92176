internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// Chooses among candidates that break no rule: an earlier load's header can be as intact as the
/// true one. Each piece of evidence either leaves a strict part of them, or decides nothing.
struct SurvivorChoice {
  private let result: ViewResult
  private let evidence: Evidence
  private let names: [NamedPlace]
  private var left: [CandidateExamination]
  private(set) var rejected: [(address: UInt64, rejection: Rejection)] = []

  init(_ result: ViewResult, _ evidence: Evidence, names: [NamedPlace]) {
    self.result = result
    self.evidence = evidence
    self.names = names
    left = result.contenders
  }

  /// The one that is left, where it is one. A candidate whose notes are unreadable wins only if
  /// the second kernel's own parameters name it, or its header has the same loads
  /// and the file lacks the notes.
  var winner: CandidateExamination? {
    guard left.count == 1, let only = left.first else { return nil }
    let isKnown =
      isNamed(only)
      || NoteWarnings.lacksNotes(only.sections, result.view.memory)
        && evidence.mergedHeader(of: only, in: result.view) != nil
    return result.survivors.isEmpty && !isKnown ? nil : only
  }

  /// The candidates that are left, as `elfcorehdr=` takes them, with what tells them apart.
  var descriptions: [Message] {
    left.map { candidate in
      let loads = candidate.header.segments(of: .load)
      let notes = candidate.header.segments(of: .note)
      let count = "\(Array(notes).count) notes, \(Array(loads).count) loads"
      let by = names.filter { $0.parameter.address == candidate.address }.map(\.by)
      return "\(.elfcorehdr)=\(candidate.address.hex): \(count)"
        + Message(by.isEmpty ? "" : ", named by " + by.joined(separator: " and "))
    }
  }

  /// Applies the evidence, the strongest first.
  mutating func run() throws(ReadError) {
    keep(
      left.filter { $0.address % 4096 == 0 }, .pageAligned,
      "is not at a page boundary, as every kexec segment is")
    keep(
      left.filter { evidence.mergedHeader(of: $0, in: result.view) != nil }, .merged,
      "the second kernel's own header has the loads of another candidate")
    keep(
      left.filter { candidate in
        names.contains {
          $0.locator == .kexecImage && $0.parameter.address == candidate.address
        }
      }, .kexecImage,
      "the crashed kernel had another header loaded when it crashed (kexec_crash_image)")
    try keepFilledBackup()
    keep(
      left.filter(isNamedFromOutside), .named,
      "the second kernel's own parameters name another candidate")
    keep(left.filter(isNamed), .named, "is named by nothing, and another candidate is")
    try keepPurgatoryListed()
    try keepLatestCrash()
  }

  /// What is to be said of the rules that the winner breaks: nothing of those that only rank.
  func warnings(about winner: CandidateExamination) -> [Finding] {
    winner.rejections.filter { !$0.rule.onlyRanks }.map {
      Finding(
        "the header at \(winner.address.hex) is named, and used though \($0.text)",
        isPartial: $0.rule == .readableNotes)
    }
  }

  /// Evidence that speaks for all that are left, or for none, decides nothing.
  private mutating func keep(
    _ kept: [CandidateExamination], _ rule: CandidateRule, _ reason: String
  ) {
    guard !kept.isEmpty, kept.count < left.count else { return }
    let addresses = Set(kept.map(\.address))
    for candidate in left where !addresses.contains(candidate.address) {
      rejected.append((candidate.address, Rejection(rule, reason)))
    }
    left = kept
  }

  /// Whether memory may be read for each that is left: real images leave two or three.
  private var isWorthReading: Bool { (2...16).contains(left.count) }

  /// Only the purgatory of the load that ran fills its backup region; while nothing has run,
  /// every backup region is empty and this decides nothing.
  private mutating func keepFilledBackup() throws(ReadError) {
    guard isWorthReading, left.allSatisfy({ $0.backupLoad != nil }) else { return }
    var filled: Set<UInt64> = []
    for candidate in left {
      guard let load = candidate.backupLoad?.segment, let range = load.sourceRange else { continue }
      if try !result.view.memory.isZero(range) { filled.insert(candidate.address) }
    }
    keep(
      left.filter { filled.contains($0.address) }, .backupFilled,
      "its backup region is empty, and another candidate's is filled")
  }

  private mutating func keepPurgatoryListed() throws(ReadError) {
    guard isWorthReading else { return }
    var listed: Set<UInt64> = []
    for candidate in left {
      if try PurgatoryList.find(naming: candidate, in: result.view.memory) != nil {
        listed.insert(candidate.address)
      }
    }
    keep(
      left.filter { listed.contains($0.address) }, .inPurgatoryList,
      "no purgatory's list of regions names it, and one names another")
  }

  private mutating func keepLatestCrash() throws(ReadError) {
    guard left.count > 1 else { return }
    var times: [UInt64: UInt64] = [:]
    for candidate in left {
      guard let note = candidate.vmCoreInfo else { continue }
      times[candidate.address] = try note.vmCoreInfo(in: result.view.memory).crashTime
    }
    guard let latest = times.values.max() else { return }
    keep(
      left.filter { times[$0.address] == latest }, .latestCrash,
      "its crash is earlier than another candidate's")
  }

  private func isNamed(_ candidate: CandidateExamination) -> Bool {
    names.contains { $0.parameter.address == candidate.address }
  }

  /// What the second kernel was given lies in the crash region, outside all loads; what lies in
  /// the first kernel's memory may be a leftover of an earlier load.
  private func isNamedFromOutside(_ candidate: CandidateExamination) -> Bool {
    names.contains { place in
      guard place.parameter.address == candidate.address, place.locator != .kexecImage,
        let address = result.view.address(ofScanned: place.namedAt)
      else { return false }
      return !candidate.soundLoads.contains {
        $0.segment.physicalRange?.contains(address) ?? false
      }
    }
  }
}

extension Evidence {
  /// Where the second kernel's own header of a candidate lies: one PT_NOTE with file offsets, and
  /// behind it loads with the same `p_paddr` and `p_memsz`, outside the crashed kernel's memory.
  func mergedHeader(of candidate: CandidateExamination, in view: ImageView) -> UInt64? {
    let loads = candidate.header.segments(of: .load).map(\.segment)
    for merged in mergedHeaders {
      guard let address = view.address(ofScanned: merged.address),
        merged.elfClass == candidate.header.elfClass,
        loads.elementsEqual(
          merged.loads,
          by: { $0.physicalAddress == $1.physicalAddress && $0.memorySize == $1.memorySize })
      else { continue }
      if !loads.contains(where: { $0.physicalRange?.contains(address) ?? false }) {
        return address
      }
    }
    return nil
  }

  /// Where the second kernel's own header of the crashed machine's memory lies, if that is the
  /// kernel that was found: both lie in the same gap between its loads.
  func mergedHeader(beside scanned: ScannedVMCoreInfo, in view: ImageView) -> UInt64? {
    guard scanned.kernel.information.crashTime == nil else { return nil }
    let place = scanned.system.address
    for merged in mergedHeaders where !merged.loads.isEmpty {
      guard let address = view.address(ofScanned: merged.address), address % 4096 == 0 else {
        continue
      }
      let between = min(address, place)..<max(address, place) + 1
      if !merged.loads.contains(where: { $0.physicalRange?.overlaps(between) ?? true }) {
        return address
      }
    }
    return nil
  }
}
