internal import Bytes
internal import CrashedKernel
internal import DumpRecords
package import MemoryImages

/// Finds the crashed kernel's core header: the locators in their order, the rules over every
/// candidate, the evidence where several are left.
package struct CoreHeaderSearch {
  let image: MemoryImage
  private let options: SearchOptions
  /// What the pass over the image found, once it was made.
  private(set) var evidence: Evidence?

  /// A search through one image.
  package init(_ image: MemoryImage, _ options: SearchOptions) {
    self.image = image
    self.options = options
  }

  /// Runs the search.
  package mutating func run() throws(SearchError) -> FoundHeader {
    do {
      if !options.isThorough, let found = try headerAtOption() { return found }
      let evidence = try Evidence(
        image.memory, workers: options.workers, isCancelled: options.isCancelled)
      if options.isCancelled() { throw SearchError.cancelled }
      self.evidence = evidence
      let views = views(of: evidence)
      if let parameter = options.coreHeader {
        return try chooseOption(parameter, evidence, views)
      }
      return try chooseByRules(evidence, views)
    } catch let error as SearchError {
      throw error
    } catch let error as ReadError {
      throw .read(error)
    } catch {
      throw .corrupt("\(error)")
    }
  }

  // MARK: The header that the user names

  /// The header at the address of the option, where no other layout is needed to find it there.
  private func headerAtOption() throws -> FoundHeader? {
    guard let parameter = options.coreHeader else { return nil }
    let view = ImageView(given: image)
    guard let examination = try examination(at: parameter.address, in: view),
      examination.rejections.isEmpty
    else { return nil }
    return FoundHeader(
      memory: view.memory, layout: view.layout, examination: examination, namedBy: [],
      mergedHeader: nil, locators: [LocatorReport(.option, .found(parameter, by: "option"))],
      candidates: [CandidateReport(address: parameter.address, rejection: nil)], warnings: [])
  }

  private func examination(
    at address: UInt64, in view: ImageView
  ) throws -> CandidateExamination? {
    var budget = ExaminationBudget()
    guard
      case .header(let header) = try CoreHeaderReading(
        at: address, in: view.memory, budget: &budget)
    else { return nil }
    return try CandidateExamination(
      header, at: address, in: view.memory, budget: &budget, everything: true)
  }

  /// The option wins over rules that a header in an odd place breaks (each a warning), but not
  /// over those that show that it is no core header of a crashed kernel.
  private func chooseOption(
    _ parameter: ELFCoreHeaderParameter, _ evidence: Evidence, _ views: [ImageView]
  ) throws -> FoundHeader {
    var best: (view: ImageView, examination: CandidateExamination)?
    for view in views {
      guard let examination = try examination(at: parameter.address, in: view) else { continue }
      if best == nil
        || examination.rejections.count < (best?.examination.rejections.count ?? .max)
      {
        best = (view, examination)
      }
    }
    guard let best else {
      var budget = ExaminationBudget()
      switch try CoreHeaderReading(
        at: parameter.address, in: image.memory, budget: &budget)
      {
      case .refused(let reason), .cutOff(let reason):
        throw SearchError.corrupt("--elfcorehdr=\(parameter.text): \(reason)")
      case .header, .overBudget: throw SearchError.corrupt("--elfcorehdr=\(parameter.text)")
      }
    }
    let fatal: [CandidateRule] = [.physicalNotes, .readableNotes]
    if let rejection = best.examination.rejections.first(where: { fatal.contains($0.rule) }) {
      throw SearchError.corrupt("--elfcorehdr=\(parameter.text): \(rejection.text)")
    }
    var reports = try Reports(
      image, evidence, in: best.view, of: [best.examination])
    reports.locators.insert(
      LocatorReport(.option, .found(parameter, by: "option")), at: 0)
    reports.settle(chosen: parameter.address, others: "not the header that was asked for")
    return FoundHeader(
      memory: best.view.memory, layout: best.view.layout, examination: best.examination,
      namedBy: reports.names(of: parameter.address),
      mergedHeader: evidence.mergedHeader(of: best.examination, in: best.view),
      locators: reports.locators, candidates: reports.candidates,
      warnings: best.examination.rejections.map {
        Finding("the header at \(parameter.address.hex) was asked for, though \($0.text)")
      })
  }

  // MARK: The header that the rules leave

  func views(of evidence: Evidence) -> [ImageView] {
    guard image.layoutIsOpen else { return [ImageView(given: image)] }
    let layouts = LayoutCandidates(
      evidence, size: image.memory.size, option: options.coreHeader
    ).layouts
    return layouts.compactMap { layout in
      image.memory(under: layout).map { ImageView($0, under: layout) }
    }
  }

  private func chooseByRules(
    _ evidence: Evidence, _ views: [ImageView]
  ) throws -> FoundHeader {
    var results: [ViewResult] = []
    var budget = ExaminationBudget()
    for view in views {
      results.append(try ViewResult(view, evidence, budget: &budget))
    }
    let layoutChoice = LayoutChoice(results)
    guard let result = layoutChoice.chosen else {
      throw try failure(evidence, results, layoutChoice)
    }
    var reports = try Reports(
      image, evidence, in: result.view, of: result.survivors)
    reports.add(result)
    var choice = SurvivorChoice(result, evidence, names: reports.named)
    try choice.run()
    reports.note(choice.rejected)
    guard let winner = choice.winner else {
      let choices = choice.descriptions
      throw choices.count > 1
        ? SearchError.ambiguous(reports.failure(choices: choices))
        : SearchError.notFound(reports.failure(choices: []))
    }
    reports.settle(chosen: winner.address, others: nil)
    if options.isThorough {
      reports.add(
        try PurgatoryList.find(naming: winner, in: result.view.memory), naming: winner.address)
    }
    return FoundHeader(
      memory: result.view.memory, layout: result.view.layout, examination: winner,
      namedBy: reports.names(of: winner.address),
      mergedHeader: evidence.mergedHeader(of: winner, in: result.view),
      locators: reports.locators, candidates: reports.candidates,
      warnings: winner.rejections.map {
        Finding(
          "the header at \(winner.address.hex) is named, and used though \($0.text)",
          isPartial: $0.rule == .readableNotes)
      })
  }

  private func failure(
    _ evidence: Evidence, _ results: [ViewResult], _ choice: LayoutChoice
  ) throws -> SearchError {
    guard let first = results.first else { return .corrupt("no memory to search") }
    var reports = try Reports(image, evidence, in: first.view)
    reports.add(first)
    if choice.possible.count > 1 {
      return .ambiguous(reports.failure(choices: choice.descriptions, hint: choice.hint))
    }
    return .notFound(reports.failure(choices: []))
  }
}
