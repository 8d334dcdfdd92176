internal import Bytes
internal import CrashedKernel
internal import MemoryImages

/// Which layout of a raw file is the true one: the one that is proved, and that nothing contradicts.
struct LayoutChoice {
  /// The one that is left, where it is one.
  private(set) var chosen: LayoutProof?
  /// What is to be said of it.
  private(set) var warnings: [Finding] = []
  /// Where none is chosen: what was found, one line for each layout that is worth a look.
  private(set) var descriptions: [Message] = []
  /// Where none is chosen: how to choose.
  private(set) var hint: Message = ""
  /// Whether none is chosen because several are left.
  private(set) var isAmbiguous = false

  /// Chooses among layouts, the better suggested first.
  init(_ proofs: [LayoutProof]) throws(ReadError) {
    if let given = proofs.first, !given.view.isOpen {
      chosen = given
      return
    }
    // What the file itself tells needs no proof, as long as nothing else has a better one.
    let told = proofs.filter(\.view.isTold)
    if let first = told.first, told.allSatisfy({ $0.view.layout.isAlike(first.view.layout) }),
      try chooseOrder(among: told, of: proofs)
    {
      return
    }
    var left = LayoutChoice.withKernel(proofs)
    let consistent = left.filter { !$0.isContradicted }
    if consistent.isEmpty {
      refuse(left.isEmpty ? proofs : left)
      return
    }
    left = consistent.filter(\.isCovered)
    if left.isEmpty { left = consistent }
    let complete = left.filter(\.isComplete)
    if !complete.isEmpty { left = complete }
    if let plain = left.first(where: \.isPlain), plain.isComplete || plain.isCovered {
      left = [plain]
    }
    let better = left.filter { !$0.isLastResort }
    if better.contains(where: { $0.isComplete || !$0.isPlain }) { left = better }
    let exact = left.filter { $0.fit?.isExact == true }
    if !exact.isEmpty { left = exact }
    if left.count > 1 {
      var loaded: [LayoutProof] = []
      for proof in left where try proof.isLoaded() == true { loaded.append(proof) }
      if !loaded.isEmpty { left = loaded }
    }
    if let first = left.first, first.isLastResort, try first.isLoaded() == false {
      refuse(left)
      return
    }
    settle(left)
  }

  /// Chooses among layouts that the file tells, which differ in the order of its parts alone: what
  /// nothing shows is taken in the likeliest order, for parts that nobody looks at must not cost the
  /// dump. False where each has something better beside it.
  private mutating func chooseOrder(
    among told: [LayoutProof], of proofs: [LayoutProof]
  ) throws(ReadError) -> Bool {
    var left = told.filter { proof in
      !proof.isContradicted && !proofs.contains { $0.isBetter(than: proof) }
    }
    if left.count > 1 {
      var loaded: [LayoutProof] = []
      for proof in left where try proof.isLoaded() == true { loaded.append(proof) }
      if !loaded.isEmpty { left = loaded }
    }
    guard let first = left.first else { return false }
    choose(first)
    // Names with numbers tell an order, too.
    let isTold = first.view.layout.order.isEmpty
    if !isTold, left.contains(where: { !$0.showsTheSame(as: first) }) {
      warnings.append(
        Finding(
          "nothing in the memory tells which of \(left.count) orders of its blocks is right: taken "
            + "as \(first.view.layout.name), which the machine's configuration must confirm (the "
            + "memdev of its nodes)", isPartial: true))
    }
    return true
  }

  /// A layout is proved by its kernel; where vmcoreinfo does not say where that is, by its memory
  /// being there, or a map of that. Address = file offset needs no proof, as long as no other has
  /// one.
  private static func withKernel(_ proofs: [LayoutProof]) -> [LayoutProof] {
    let confirmed = proofs.filter(\.kernel.isConfirmed)
    if !confirmed.isEmpty { return confirmed }
    let untold = proofs.filter {
      $0.kernel == .unknown && ($0.isPlain || $0.isComplete || $0.isMapped)
    }
    return untold.isEmpty ? proofs.filter(\.isPlain) : untold
  }

  private mutating func settle(_ left: [LayoutProof]) {
    guard let first = left.first else { return }
    let others = left.dropFirst().filter { !$0.showsTheSame(as: first) }
    guard others.isEmpty, first.isPlain || first.isCovered else {
      isAmbiguous = !others.isEmpty
      descriptions = ([first] + others).map(\.description)
      hint = "choose with \(.base), \(.holes) or \(.segments)"
      return
    }
    choose(first)
  }

  private mutating func choose(_ first: LayoutProof) {
    chosen = first
    if case .contradicted(let place, _) = first.kernel {
      warnings.append(
        Finding(
          "the kernel of vmcoreinfo is not where it says, at \(place.hex): nothing proves that the "
            + "file lies in memory as \(first.view.layout.name)"))
    }
  }

  /// Nothing of what the layouts say may be followed: none is offered.
  private mutating func refuse(_ proofs: [LayoutProof]) {
    descriptions = proofs.map(\.description)
    hint =
      "say how it lies in memory with \(.base), \(.holes) or \(.segments): none of these is right"
  }
}
