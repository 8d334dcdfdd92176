internal import Bytes
internal import CrashedKernel

/// What is found without a core header, under the layout of the image that it proves.
enum ProvedLayout<Found> {
  case found(Found, ImageView)
  /// Something is found, and no layout is proved by it, or several are.
  case open(LayoutChoice)
  /// Nothing is found under any layout.
  case absent

  /// Looks under every layout that the image may have, and chooses among those with something.
  ///
  /// - Parameter find: looks under one layout; `scanned` is the kernel that is to prove it, nil
  ///   where the user alone tells of one.
  init(
    in scene: Scene,
    _ find: (Evidence, ImageView) throws(ReadError) -> (found: Found, scanned: ScannedVMCoreInfo?)?
  ) throws(ReadError) {
    let evidence = try scene.evidence()
    let maps = FirmwareMap.all(of: evidence)
    var all: [(found: Found, view: ImageView)] = []
    var proofs: [LayoutProof] = []
    for view in try scene.views() {
      guard let (found, scanned) = try find(evidence, view) else { continue }
      all.append((found, view))
      proofs.append(try LayoutProof(scanned, in: view, maps))
    }
    guard !proofs.isEmpty else {
      self = .absent
      return
    }
    let choice = try LayoutChoice(proofs)
    guard let layout = choice.chosen?.view.layout,
      let (found, view) = all.first(where: { $0.view.layout == layout })
    else {
      self = .open(choice)
      return
    }
    self = .found(found, view)
  }
}
