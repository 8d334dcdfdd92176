internal import Bytes
internal import MemoryImages

/// What the steps of a search share: the image, what the user said, and what was read of it, once.
final class Scene {
  let image: MemoryImage
  let options: SearchOptions
  private let kept = Once<KeptDump?>()
  private let machine = Once<S390Machine>()
  private let scanned = Once<Evidence>()
  private let viewed = Once<[ImageView]>()
  private let texts = InformationTexts()
  /// The pass over memory, as far as it got.
  private(set) var begun = MemoryScan()
  private var seen = RangeSet([])

  init(_ image: MemoryImage, _ options: SearchOptions) {
    self.image = image
    self.options = options
  }

  /// The dump that the image is already, where its header may be kept.
  func keptDump() throws(ReadError) -> KeptDump? {
    try kept.value { () throws(ReadError) in
      guard let stored = image.stored, !options.asksForSearch else { return nil }
      var dump = try KeptDump(stored, of: image)
      try dump.judge(in: self)
      return dump
    }
  }

  /// What is at the fixed places of an s390x machine.
  func s390() throws(ReadError) -> S390Machine {
    try machine.value { () throws(ReadError) in try S390Machine(image, options.moment) }
  }

  /// The image with its memory as the crashed kernel addressed it: what is searched.
  func searchedImage() throws(ReadError) -> MemoryImage {
    guard let layout = try s390().handover?.layout, layout.isSwapped else { return image }
    return image.with(layout.memory)
  }

  /// Everything in that memory that may tell something, by one pass over it.
  func evidence() throws(ReadError) -> Evidence {
    try scanned.value { () throws(ReadError) in
      try scan(RangeSet(try searchedImage().memory.regions.map(\.range)))
      return try begunEvidence()
    }
  }

  /// Goes on with that pass: looks at what is new of a part. The memory of a running machine is not
  /// searched.
  func scan(_ part: RangeSet) throws(ReadError) {
    guard options.runningNamed == nil else { return }
    let new = part.subtracting(seen)
    try begun.add(
      new, of: try searchedImage().memory, workers: options.workers,
      isCancelled: options.isCancelled)
    seen = seen.union(new)
  }

  /// What that pass has found so far.
  func begunEvidence() throws(ReadError) -> Evidence {
    try Evidence(of: begun, in: try searchedImage().memory, texts)
  }

  /// The same with what tells of a firmware-assisted dump; nil where nothing does.
  func fadumpEvidence() throws(ReadError) -> Evidence? {
    let memory = try searchedImage().memory
    guard try evidence().mayHaveFirmwareDump(in: memory) else { return nil }
    return try evidence().addingFadump(
      in: memory, workers: options.workers, isCancelled: options.isCancelled)
  }

  /// The image under each layout that all evidence suggests.
  func views() throws(ReadError) -> [ImageView] {
    try viewed.value { () throws(ReadError) in try views(evidence()) }
  }

  /// The image under each layout that some evidence suggests.
  func views(_ evidence: Evidence) throws(ReadError) -> [ImageView] {
    let image = try searchedImage()
    guard image.layoutIsOpen else { return [ImageView(given: image)] }
    let candidates = try LayoutCandidates(evidence, of: image.memory, option: options.coreHeader)
    return candidates.layouts.compactMap { layout in
      image.memory(under: layout).map { ImageView($0, under: layout) }
    }
      + candidates.lastResorts.compactMap { layout in
        image.memory(under: layout).map { ImageView($0, under: layout, isLastResort: true) }
      }
  }
}
