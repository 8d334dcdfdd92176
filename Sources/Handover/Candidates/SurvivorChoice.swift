internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// Chooses among candidates: an earlier load's header can be as intact as the true one, and a true
/// one may break a rule. Each piece of evidence either leaves a strict part of them, or decides
/// nothing.
struct SurvivorChoice {
  private let result: ViewResult
  private let evidence: Evidence
  private let names: [NamedPlace]
  private var left: [CandidateExamination]
  private var presences = CandidatePresences()
  private(set) var rejected: [(address: UInt64, rejection: Rejection)] = []

  init(_ result: ViewResult, _ evidence: Evidence, names: [NamedPlace]) {
    self.result = result
    self.evidence = evidence
    self.names = names
    left = result.candidates
    if !isSure { left = left.filter { $0.hasNotes || isKnown($0) } }
  }

  /// Whether a header without readable notes is read at the right place: the dump tells where that
  /// is, or the user does and no VMCOREINFO note stands where the header does not have it.
  private var isSure: Bool {
    !result.view.isOpen
      && (result.view.layout == .ofDump
        || evidence.scan.hits(of: .vmCoreInfoNote).addresses.isEmpty)
  }

  /// The one that is left, where it is one.
  var winner: CandidateExamination? { left.count == 1 ? left.first : nil }

  /// Whether a candidate whose notes are unreadable can be believed: the second kernel's own
  /// parameters name it, or its header has the same loads and the file lacks the notes.
  private func isKnown(_ candidate: CandidateExamination) -> Bool {
    isNamed(candidate)
      || NoteWarnings.lacksNotes(candidate.sections, result.view.memory)
        && evidence.mergedHeader(of: candidate, in: result.view) != nil
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

  /// Applies the evidence, the strongest first: what the crashed kernel and the second one show,
  /// then how likely a header is by itself.
  mutating func run() throws(ReadError) {
    try keepPresent()
    keep(
      left.filter { $0.address % 4096 == 0 || isNamed($0, by: .fadump) }, .pageAligned,
      "is not at a page boundary, as every kexec segment is")
    keep(
      left.filter { evidence.mergedHeader(of: $0, in: result.view) != nil }, .merged,
      "the second kernel's own header has the loads of another candidate")
    keep(
      left.filter { isNamed($0, by: .kexecImage) }, .kexecImage,
      "the crashed kernel had another header loaded when it crashed (kexec_crash_image)")
    try keepFilledBackup()
    keep(
      left.filter(isNamedFromOutside), .named,
      "the second kernel's own parameters name another candidate")
    let fewest = left.map(\.rejections.count).min()
    keep(
      left.filter { $0.rejections.count == fewest }, .fewestBroken,
      "breaks more rules than another candidate")
    keep(
      left.filter { !$0.isInMovedMemory }, .outsideLoads,
      "lies where one of its loads had its data, and another candidate does not")
    keep(left.filter { isNamed($0) }, .named, "is named by nothing, and another candidate is")
    try keepPurgatoryListed()
    try keepLatestCrash()
    if let first = left.first, left.allSatisfy({ $0.header == first.header }) {
      keep([first], .firstCopy, "is a copy of another candidate")
    }
  }

  /// What memory says of the kernel of a candidate.
  mutating func presence(of candidate: CandidateExamination) throws(ReadError) -> KernelPresence {
    try presences.presence(of: candidate, in: result.view.memory)
  }

  /// What is to be said of the rules that the winner breaks. Where something proves that it is the
  /// one, only what its notes lack.
  mutating func warnings(about winner: CandidateExamination) throws(ReadError) -> [Finding] {
    if winner.rejections.isEmpty { return [] }
    let proof = try proof(of: winner)
    return winner.rejections.filter { proof == nil || $0.rule.isAboutNotes }.map { broken in
      let why =
        proof.map { "the header at \(winner.address.hex) is \($0), and used" }
        ?? "nothing names or proves the header at \(winner.address.hex), and it is used"
      return Finding(
        Message("\(why) though \(broken.text)"), isPartial: broken.rule == .readableNotes)
    }
  }

  /// What shows that a candidate is the crashed kernel's header, whatever rules it breaks.
  private mutating func proof(
    of candidate: CandidateExamination
  ) throws(ReadError) -> String? {
    if isNamed(candidate) { return "named" }
    if evidence.mergedHeader(of: candidate, in: result.view) != nil {
      return "what the second kernel's own header was made of"
    }
    if try presence(of: candidate).isConfirmed { return "that of the kernel in memory" }
    let list = try PurgatoryList.find(naming: candidate, in: result.view.memory)
    return list == nil ? nil : "in the purgatory's list"
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

  /// Of a kernel that lies where its vmcoreinfo says, the header is of this crash; one whose kernel
  /// has been overwritten since is a leftover of an earlier one.
  private mutating func keepPresent() throws(ReadError) {
    var present: Set<UInt64> = []
    var gone: Set<UInt64> = []
    for candidate in left {
      switch try presence(of: candidate) {
      case .confirmed: present.insert(candidate.address)
      case .contradicted: gone.insert(candidate.address)
      case .unknown: continue
      }
    }
    keep(
      left.filter { present.contains($0.address) }, .systemName,
      "its kernel is not known to be in memory, and that of another candidate is")
    keep(
      left.filter { !gone.contains($0.address) }, .systemName,
      "its kernel does not lie where its vmcoreinfo says")
  }

  /// Whether memory may be read for each that is left: real images leave two or three.
  private var isWorthReading: Bool { (2...64).contains(left.count) }

  /// Only the purgatory of the load that ran fills its backup region; while nothing has run,
  /// every backup region is empty and this decides nothing. Headers without one are left alone.
  private mutating func keepFilledBackup() throws(ReadError) {
    guard isWorthReading else { return }
    var filled: Set<UInt64> = []
    var empty: Set<UInt64> = []
    for candidate in left {
      guard let load = candidate.backupLoad?.segment, let range = load.sourceRange else { continue }
      if try result.view.memory.isZero(range) {
        empty.insert(candidate.address)
      } else {
        filled.insert(candidate.address)
      }
    }
    if filled.isEmpty { return }
    keep(
      left.filter { !empty.contains($0.address) }, .backupFilled,
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

  private func isNamed(_ candidate: CandidateExamination, by locator: Locator? = nil) -> Bool {
    names.contains {
      $0.parameter.address == candidate.address && (locator == nil || $0.locator == locator)
    }
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
