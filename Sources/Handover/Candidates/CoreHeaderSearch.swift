internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// Finds the crashed kernel's core header: the locators in their order, the rules over every
/// candidate, the evidence where several are left.
struct CoreHeaderSearch {
  let scene: Scene
  let options: SearchOptions

  /// What a search answers.
  enum Answer {
    case found(FoundHeader)
    /// There is nothing that could be one.
    case absent(SearchError)
    /// Several are left, the one that is left is not of this crash, or the one that was asked for
    /// is none.
    case corrupt(SearchError)
  }

  /// A search through the scene's image; the options may name another header than the user did.
  init(_ scene: Scene, _ options: SearchOptions) {
    self.scene = scene
    self.options = options
  }

  /// Runs the search.
  func run() throws(ReadError) -> Answer {
    if !options.isThorough || options.runningNamed != nil, let found = try headerAtOption() {
      return .found(found)
    }
    if let found = try provenHeader() { return .found(found) }
    if options.isCancelled() { return .corrupt(.cancelled) }
    let evidence = try scene.evidence()
    if options.isCancelled() { return .corrupt(.cancelled) }
    let views = try scene.views()
    if let parameter = options.coreHeader {
      return try chooseOption(parameter, evidence, views)
    }
    let answer = try chooseByRules(evidence, views)
    if case .found(let found) = answer, found.warnings.isEmpty { return answer }
    // What proves nothing is worth another pass over memory.
    guard let evidence = try scene.fadumpEvidence(),
      case .found(let found) = try chooseByRules(evidence, views)
    else { return answer }
    return .found(found)
  }

  // MARK: The header that the user names

  /// The header at the address of the option, where no other layout is needed to find it there.
  private func headerAtOption() throws(ReadError) -> FoundHeader? {
    guard let parameter = options.coreHeader else { return nil }
    let image = try scene.searchedImage()
    let view = ImageView(given: image)
    guard let examination = try examination(at: parameter.address, in: view),
      options.runningNamed == nil
        ? examination.rejections.isEmpty : examination.refusal == nil,
      examination.isComplete || !image.layoutIsOpen
    else { return nil }
    let beside = try evidence(beside: examination, in: view.memory)
    return FoundHeader(
      memory: view.memory, layout: view.layout, examination: examination,
      mergedHeader: beside?.mergedHeader(of: examination, in: view),
      mergedLayout: beside?.mergedLayout(
        of: examination, in: view,
        usual: try examination.vmCoreInfo?.vmCoreInfo(in: view.memory).pageSize),
      locators: [
        LocatorReport(.option, .found(parameter, by: options.runningNamed ?? "option"))
      ],
      candidates: [CandidateReport(address: parameter.address, rejection: nil)],
      warnings: try optionWarnings(examination, in: view))
  }

  /// What lies between the loads around a header: the second kernel's memory.
  private func evidence(
    beside examination: CandidateExamination, in memory: PhysicalMemory
  ) throws(ReadError) -> Evidence? {
    let region = examination.header.crashRegion(
      around: examination.address, end: max(memory.end, examination.address))
    return try memory.restricted(to: region).map { memory throws(ReadError) in
      try Evidence(memory, workers: options.workers, isCancelled: options.isCancelled)
    }
  }

  private func examination(
    at address: UInt64, in view: ImageView
  ) throws(ReadError) -> CandidateExamination? {
    guard case .header(let header) = try CoreHeaderReading(at: address, in: view.memory) else {
      return nil
    }
    return try CandidateExamination(
      header, at: address, in: view.memory, holding: view.memory.present, everything: true)
  }

  /// The option wins over rules that a header in an odd place breaks (each a warning), but not
  /// over those that show that it is no core header of a crashed kernel.
  private func chooseOption(
    _ parameter: ELFCoreHeaderParameter, _ evidence: Evidence, _ views: [ImageView]
  ) throws(ReadError) -> Answer {
    var seen: [(view: ImageView, examination: CandidateExamination)] = []
    for view in views {
      guard let examination = try examination(at: parameter.address, in: view) else { continue }
      seen.append((view, examination))
    }
    guard let least = seen.map(\.examination.rejections.count).min() else {
      return .corrupt(.corrupt(try refusal(of: parameter)))
    }
    seen.removeAll { $0.examination.rejections.count > least }
    var layoutWarnings: [Finding] = []
    if seen.first?.view.isOpen == true {
      let maps = FirmwareMap.all(of: evidence)
      var proofs: [LayoutProof] = []
      for (view, examination) in seen {
        proofs.append(try LayoutProof(view, [examination], maps, options.moment))
      }
      let choice = try LayoutChoice(proofs)
      guard let layout = choice.chosen?.view.layout else {
        return .corrupt(
          .layoutOpen(SearchFailure(choices: choice.descriptions, hint: choice.hint)))
      }
      seen.removeAll { $0.view.layout != layout }
      layoutWarnings = choice.warnings
    }
    guard let best = seen.first else {
      return .corrupt(.corrupt(try refusal(of: parameter)))
    }
    if let rejection = best.examination.refusal {
      return .corrupt(.corrupt("\(.elfcorehdr)=\(parameter.text): \(rejection.text)"))
    }
    let warnings = layoutWarnings + (try optionWarnings(best.examination, in: best.view))
    let kernels = try CandidateKernels(
      [best.examination], evidence, in: best.view, options.moment)
    var reports = try reports(evidence, in: best.view, kernels)
    reports.locators.insert(LocatorReport(.option, .found(parameter, by: "option")), at: 0)
    return .found(
      try found(best.examination, in: best.view, evidence, &reports, kernels, warnings: warnings))
  }

  /// What speaks against a header that the user asks for.
  private func optionWarnings(
    _ examination: CandidateExamination, in view: ImageView
  ) throws(ReadError) -> [Finding] {
    var broken = examination.rejections
    var presences = CandidatePresences()
    if case .contradicted(_, let difference) = try presences.presence(
      of: examination, in: view.memory)
    {
      broken.append(Rejection(.systemName, difference))
    }
    return broken.map {
      Finding(
        "the header at \(examination.address.hex) was "
          + "\(options.runningNamed == nil ? "asked for" : "named"), though \($0.text)")
    }
  }

  /// Why there is no header where the option says.
  private func refusal(of parameter: ELFCoreHeaderParameter) throws(ReadError) -> Message {
    switch try CoreHeaderReading(at: parameter.address, in: try scene.searchedImage().memory) {
    case .refused(let reason), .cutOff(let reason):
      return "\(.elfcorehdr)=\(parameter.text): \(reason)"
    case .header: return "\(.elfcorehdr)=\(parameter.text)"
    }
  }

  // MARK: The header that the rules leave

  func chooseByRules(
    _ evidence: Evidence, _ views: [ImageView]
  ) throws(ReadError) -> Answer {
    var results: [ViewResult] = []
    for view in views { results.append(try ViewResult(view, evidence)) }
    let result: ViewResult
    var warnings: [Finding] = []
    switch try LayoutAnswer(results, evidence, options.moment) {
    case .found(let chosen, let said): (result, warnings) = (chosen, said)
    case .open(let choice): return try failure(evidence, results, choice)
    case .absent: return try failure(evidence, results, nil)
    }
    let kernels = try CandidateKernels(
      result.candidates, evidence, in: result.view, options.moment)
    var reports = try reports(evidence, in: result.view, kernels)
    reports.add(result)
    var choice = SurvivorChoice(result, evidence, names: reports.named)
    try choice.run()
    reports.note(choice.rejected)
    guard let winner = choice.winner else {
      let choices = choice.descriptions
      return choices.count > 1
        ? .corrupt(.ambiguous(reports.failure(choices: choices)))
        : .absent(.notFound(reports.failure(choices: [])))
    }
    if let stale = try StaleHeader(winner, choice.presence(of: winner), evidence, in: result.view) {
      return .corrupt(.stale(stale, reports.failure(choices: [])))
    }
    if options.isThorough {
      reports.add(
        try PurgatoryList.find(naming: winner, in: result.view.memory), naming: winner.address)
    }
    warnings += try choice.warnings(about: winner)
    return .found(
      try found(winner, in: result.view, evidence, &reports, kernels, warnings: warnings))
  }

  private func reports(
    _ evidence: Evidence, in view: ImageView, _ kernels: CandidateKernels
  ) throws(ReadError) -> Reports {
    try Reports(
      evidence, in: view, named: try evidence.namedPlaces(in: view),
      KexecImageLocator(kernels.kexec, evidence, in: view))
  }

  private func found(
    _ winner: CandidateExamination, in view: ImageView, _ evidence: Evidence,
    _ reports: inout Reports, _ kernels: CandidateKernels, warnings: [Finding]
  ) throws(ReadError) -> FoundHeader {
    reports.settle(chosen: winner.address)
    var warnings = warnings
    if winner.header.header.isMislabelled {
      warnings.append(
        Finding(
          "the header at \(winner.address.hex) says another byte order than it has, as kernels of big-"
            + "endian ppc64 write it, and so does the vmcore: readers other than the second kernel may "
            + "refuse it", isDamage: false))
    }
    return FoundHeader(
      memory: view.memory, layout: view.layout, examination: winner,
      namedBy: reports.names(of: winner.address),
      mergedHeader: evidence.mergedHeader(of: winner, in: view),
      mergedLayout: evidence.mergedLayout(
        of: winner, in: view, usual: kernels.all[winner.address]?.information?.pageSize),
      domainZero: try DomainZero(beside: winner, evidence, in: view),
      locators: reports.locators,
      candidates: reports.candidates, warnings: warnings, left: kernels.all[winner.address])
  }

  private func failure(
    _ evidence: Evidence, _ results: [ViewResult], _ choice: LayoutChoice?
  ) throws(ReadError) -> Answer {
    guard let first = results.first else { return .corrupt(.corrupt("no memory to search")) }
    let kernels = try CandidateKernels([], evidence, in: first.view, options.moment)
    var reports = try reports(evidence, in: first.view, kernels)
    reports.add(first)
    if let choice {
      return .corrupt(
        .layoutOpen(reports.failure(choices: choice.descriptions, hint: choice.hint)))
    }
    return .absent(.notFound(reports.failure(choices: [])))
  }
}

extension CoreHeaderSearch {
  /// The system whose header lies in memory, seen as the user selected.
  static let step = SystemFinder.Step { scene, _ throws(ReadError) in
    if scene.options.headerSource == .build {
      return .corrupt(
        .corrupt(
          "\(.header)=build: no s390x machine with a crash region was found; every other second "
            + "kernel is given its header in memory"))
    }
    return try CoreHeaderSearch(scene, scene.options).selectedSystem()
  }

  /// The system of the header that is found, as the user selected it.
  func selectedSystem() throws(ReadError) -> SystemFinder.Answer {
    switch try system(beside: try scene.s390().handover) {
    case .found(let system):
      if let refusal = try PurgatoryDigest.refusal(of: system, options) {
        return .corrupt(refusal)
      }
      return try options.selection.show(system, in: scene)
    case let failure: return failure
    }
  }

  /// The system of the header that is found, before anything is selected.
  func system(
    beside handover: S390Handover?
  ) throws(ReadError) -> SystemFinder.Answer {
    switch try run() {
    case .absent(let error): return .absent(error)
    case .corrupt(let error): return .corrupt(error)
    case .found(let found):
      let beside =
        if let handover { handover } else { try S390Handover(of: found, scene.image) }
      return .found(try found.system(options, beside: beside))
    }
  }
}
