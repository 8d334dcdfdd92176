internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// What an image says for and against reading it under one layout. A wrong layout can have a note
/// or a whole header at the right place; it cannot have all of memory there.
struct LayoutProof: Sendable {
  let view: ImageView
  /// Whether the kernel is where its vmcoreinfo says.
  let kernel: KernelPresence
  /// Memory that the vmcore would show, notes included.
  let sources: [Range<UInt64>]
  /// Whether the image holds all of it.
  let isComplete: Bool
  /// What the largest map of the machine's memory says.
  private(set) var fit: MapFit?
  /// Whether the file has bytes where the map has no memory, though it lacks some.
  private(set) var isContradicted = false
  /// Addresses whose content is what it must be.
  private var proved: [UInt64] = []
  /// The kernels that were asked.
  private var kernels: [Kernel] = []
  /// Places of the headers that are left.
  private var headers: Set<UInt64> = []

  /// How a map of the machine's memory fits the file.
  struct MapFit: Sendable {
    /// What says where memory is.
    let origin: String
    /// Memory that the file lacks.
    let missing: RangeSet
    /// What the file has where nothing is.
    let stray: RangeSet
    /// Whether each part of the file but the last ends where a listed stretch ends.
    let isExact: Bool
    /// Whether the file ends where a listed stretch does.
    let endsThere: Bool
    /// Whether the map says where memory ends.
    let isWhole: Bool
  }

  /// Less than this may be missing or too much: firmware keeps some for itself.
  private static let tolerance: UInt64 = 1 << 20
  /// So much may be between low memory and the room for devices, listed by nobody.
  private static let listedByNobody: UInt64 = 1 << 26
  /// Headers whose kernels are asked.
  private static let mostKernels = 8

  /// What is said of a layout by the headers that are left under it.
  init(
    _ view: ImageView, _ contenders: [CandidateExamination], _ maps: [FirmwareMap],
    _ moment: MomentOption
  ) throws(ReadError) {
    self.view = view
    var place = KernelPresence.unknown
    var seen: Set<UInt64> = []
    for contender in contenders where seen.count < LayoutProof.mostKernels {
      headers.insert(contender.address)
      guard let note = contender.vmCoreInfo, seen.insert(note.address).inserted else { continue }
      let kernel = try CandidateKernel(contender, in: view.memory, moment).kernel
      switch try kernel?.presence() ?? .unknown {
      case .confirmed(let address):
        place = .confirmed(at: address)
        proved += [address, note.address]
        if let kernel { kernels.append(kernel) }
      case .unknown: proved.append(note.address)
      case let answer: if place == .unknown { place = answer }
      }
    }
    kernel = place
    isComplete = contenders.contains(where: \.isComplete)
    sources = contenders.prefix(LayoutProof.mostKernels).flatMap { contender in
      contender.soundLoads.compactMap(\.segment.sourceRange)
        + contender.header.segments(of: .note).compactMap(\.segment.sourceRange)
    }
    let loads = contenders.first.map { RangeSet($0.soundLoads.compactMap(\.segment.physicalRange)) }
    let memory = loads ?? RangeSet([])
    try judge(LayoutProof.map(of: kernel, with: memory, maps, view) ?? FirmwareMap(memory))
  }

  /// What is said of a layout by a kernel without a core header; nil where the user alone tells of
  /// the kernel.
  init(
    _ scanned: ScannedVMCoreInfo?, in view: ImageView, _ maps: [FirmwareMap]
  ) throws(ReadError) {
    self.view = view
    kernel = scanned.map { .confirmed(at: $0.system.address) } ?? .unknown
    proved = scanned.map { [$0.system.address] } ?? []
    kernels = scanned.map { [$0.kernel] } ?? []
    let map = try LayoutProof.map(of: kernel, with: RangeSet([]), maps, view)
    sources = map?.memory.ranges ?? [0..<PhysicalAddress.end]
    isComplete = map.map { $0.memory.ranges.allSatisfy(view.memory.holds) } ?? true
    try judge(map)
  }

  /// The largest map of the machine on which a kernel ran that has memory at certain places.
  private static func map(
    of kernel: KernelPresence, with memory: RangeSet, _ maps: [FirmwareMap], _ view: ImageView
  ) throws(ReadError) -> FirmwareMap? {
    for map in maps {
      try view.memory.budget?.spend(
        UInt64(map.count), .parsing, on: "the hints at how the file lies in memory")
      if case .confirmed(let place) = kernel, !map.memory.contains(place) { continue }
      if map.isOfMachine(with: memory) { return map }
    }
    return nil
  }

  /// Holds a map against the layout.
  private mutating func judge(_ map: FirmwareMap?) throws(ReadError) {
    guard let map else { return }
    let held = RangeSet(view.memory.regions.map(\.range))
    let fit = MapFit(
      origin: map.origin, missing: map.memory.subtracting(held),
      stray: held.subtracting(map.listed).subtracting(map.unlisted),
      isExact: held.ranges.dropLast().allSatisfy { map.ends(at: $0.upperBound) },
      endsThere: held.ranges.last.map { map.ends(at: $0.upperBound) } ?? false,
      isWhole: map.isWhole)
    self.fit = fit
    guard fit.stray.length > LayoutProof.tolerance else { return }
    if fit.missing.length <= LayoutProof.tolerance {
      isContradicted =
        !isPlain && map.isWhole && fit.stray.length > LayoutProof.listedByNobody
    } else {
      // What reads as zeros there may be room for devices that was saved, too.
      let isNothing = try view.memory.isZero(fit.stray)
      isContradicted = !isPlain || !isNothing
    }
  }

  /// Whether a map of the memory fits the file as far as that goes, though it may end early.
  var isMapped: Bool {
    fit.map { $0.isWhole && $0.stray.length <= LayoutProof.tolerance } ?? false
  }

  /// Whether address = file offset, which is the layout of a file without holes.
  var isPlain: Bool { view.layout == .identity }

  /// Whether every part of the file is proved to be where the layout has it: it fits a map of the
  /// memory or the lower part of one, or something in the part stands where it must; so is what
  /// lies between the start of memory and such a part. What is too small to hold anything needs no
  /// proof.
  var isCovered: Bool {
    guard let fit else { return isPlain || isComplete }
    if fit.missing.length <= LayoutProof.tolerance || isPlain && fit.endsThere { return true }
    let regions = view.memory.regions.map(\.range).filter { $0.length > LayoutProof.tolerance }
    let isProved = regions.map { region in proved.contains(where: region.contains) }
    return regions.indices.allSatisfy { index in
      isProved[index]
        || index == 0 && fit.isExact && view.layout.base == 0
          && isProved.dropFirst().first == true
    }
  }

  /// Whether nothing that is found elsewhere can speak against it: the kernel and all that its header
  /// shows are there, and the file has nothing else.
  var isSettled: Bool {
    guard case .confirmed = kernel, let fit else { return false }
    return isComplete && isCovered && !isContradicted && fit.stray.length <= LayoutProof.tolerance
  }

  /// Whether the crashed kernel itself has loaded one of the headers; nil where it does not tell.
  func isLoaded() throws(ReadError) -> Bool? {
    var isLoaded: Bool?
    for kernel in kernels {
      guard let image = try Kernel.kexecImage(of: kernel).value else { continue }
      if image.segments.contains(where: { headers.contains($0.lowerBound) }) { return true }
      isLoaded = false
    }
    return isLoaded
  }

  /// Whether the file must be read under it for want of a better one: it only follows from the size
  /// of the file and the header that it has to show.
  var isLastResort: Bool { view.isLastResort }

  /// Whether the vmcore would be the same under another layout.
  func showsTheSame(as other: LayoutProof) -> Bool {
    sources == other.sources
      && sources.allSatisfy { places(of: $0) == other.places(of: $0) }
  }

  private func places(of range: Range<UInt64>) -> [PieceMap.Piece] {
    var pieces: [PieceMap.Piece] = []
    for region in view.memory.regions(in: range, movedTo: range.lowerBound) {
      if let last = pieces.last, last.range.upperBound == region.range.lowerBound,
        last.position &+ last.range.length == region.offset
      {
        pieces[pieces.count - 1].range = last.range.lowerBound..<region.range.upperBound
      } else {
        pieces.append(PieceMap.Piece(range: region.range, position: region.offset))
      }
    }
    return pieces
  }

  /// The settings that ask for the layout, and what the image says of it.
  var description: Message {
    var facts: [String] = []
    switch kernel {
    case .confirmed(let place): facts.append("the kernel is where it says, at \(place.hex)")
    case .contradicted(let place, _):
      facts.append("the kernel is not where it says, at \(place.hex)")
    case .unknown: facts.append("nothing tells where the kernel is")
    }
    if let fit {
      facts.append(
        fit.missing.ranges.isEmpty
          ? "all memory of the \(fit.origin) is there"
          : "memory of the \(fit.origin) is missing: \(LayoutProof.list(fit.missing))")
      if fit.stray.length > LayoutProof.tolerance {
        facts.append("bytes lie where it has no memory: \(LayoutProof.list(fit.stray))")
      }
    }
    return "\(view.layout.settings): \(facts.joined(separator: ", "))"
  }

  private static func list(_ set: RangeSet) -> String {
    let shown = set.ranges.filter { $0.length > tolerance || set.length <= tolerance }.prefix(4)
    return shown.map(\.hex).joined(separator: " ")
  }
}

extension PhysicalMemory {
  /// Whether all of several ranges is zero or missing.
  fileprivate func isZero(_ set: RangeSet) throws(ReadError) -> Bool {
    for range in set.ranges where try !isZero(range) { return false }
    return true
  }
}
