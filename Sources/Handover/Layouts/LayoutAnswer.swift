internal import Bytes
internal import MemoryImages

/// Under which layout the core header is looked for.
enum LayoutAnswer {
  /// One, with what is to be said of it.
  case found(ViewResult, warnings: [Finding])
  /// None of those that have a header is proved, or several are.
  case open(LayoutChoice)
  /// None has a header.
  case absent

  /// Chooses among the layouts under which some header passes every rule, else those under which
  /// one breaks only rules that rank; then those under which its notes cannot be read, because the
  /// file may lack them.
  init(
    _ results: [ViewResult], _ evidence: Evidence, _ moment: MomentOption
  ) throws(ReadError) {
    let groups = [
      results.filter { !$0.survivors.isEmpty },
      results.filter { $0.survivors.isEmpty && !$0.doubtful.isEmpty },
      results.filter { $0.survivors.isEmpty && $0.doubtful.isEmpty && !$0.weak.isEmpty },
    ].filter { !$0.isEmpty }
    let maps = FirmwareMap.all(of: evidence)
    var refused: LayoutChoice?
    for group in groups {
      if results.count == 1, let only = group.first, !only.view.isOpen {
        self = .found(only, warnings: [])
        return
      }
      var proofs: [LayoutProof] = []
      for result in group {
        proofs.append(try LayoutProof(result.view, result.contenders, maps, moment))
      }
      let choice = try LayoutChoice(proofs)
      if let layout = choice.chosen?.view.layout,
        let result = group.first(where: { $0.view.layout == layout })
      {
        self = .found(result, warnings: choice.warnings)
        return
      }
      refused = refused ?? choice
      if choice.isAmbiguous { break }
    }
    self = refused.map { .open($0) } ?? .absent
  }
}
