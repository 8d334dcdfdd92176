internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// Looks for core headers in the segments of the kexec image that the crashed kernel had loaded.
struct KexecImageLocator {
  /// The segments that begin with a core header.
  let places: [NamedPlace]
  let report: LocatorReport

  /// Vmcoreinfo notes that are tried.
  private static let limit = 4

  /// Reads the crashed kernel's symbol table through the vmcoreinfo of the candidates; where they
  /// have none, through one that stands in memory.
  init(
    _ evidence: Evidence, in view: ImageView, of candidates: [CandidateExamination]
  ) throws(ReadError) {
    var answer = KexecImage.Answer.absent("no vmcoreinfo leads to the kernel's symbol table")
    for source in try KexecImageLocator.sources(evidence, view, candidates) {
      answer = try source.kexecImage(in: view.memory)
      if case .found = answer { break }
    }
    switch answer {
    case .absent(let why): self.init([], .absent(why))
    case .corrupt(let why): self.init([], .corrupt(why))
    case .found(let image): self.init(image, evidence, in: view)
    }
  }

  private init(_ image: KexecImage, _ evidence: Evidence, in view: ImageView) {
    let headers = Set(evidence.headers.compactMap { view.address(ofScanned: $0.address) })
    let name = "kexec_crash_image at \(image.address.hex)"
    var places: [NamedPlace] = []
    for (index, segment) in image.segments.enumerated()
    where headers.contains(segment.lowerBound) {
      places.append(
        NamedPlace(
          parameter: ELFCoreHeaderParameter(address: segment.lowerBound), locator: .kexecImage,
          namedAt: segment.lowerBound, by: "\(name), segment \(index) \(segment.hex)"))
    }
    guard let first = places.first else {
      let list = image.segments.map(\.hex).joined(separator: ", ")
      self.init([], .absent("\(name): no core header begins one of its segments \(list)"))
      return
    }
    self.init(places, .found(first.parameter, by: first.by))
  }

  private init(_ places: [NamedPlace], _ answer: LocatorAnswer) {
    self.places = places
    report = LocatorReport(.kexecImage, answer)
  }

  /// What is needed to read a kernel's symbol table.
  private struct Source {
    let information: VMCoreInfo
    let architecture: Architecture
    let order: ByteOrder

    func kexecImage(in memory: PhysicalMemory) throws(ReadError) -> KexecImage.Answer {
      switch try KernelSymbols.read(in: memory, information, architecture, order: order) {
      case .found(let symbols): try KexecImage.read(symbols)
      case .absent(let why): .absent(why)
      case .corrupt(let why): .corrupt(why)
      }
    }
  }

  private static func sources(
    _ evidence: Evidence, _ view: ImageView, _ candidates: [CandidateExamination]
  ) throws(ReadError) -> [Source] {
    var sources: [Source] = []
    var seen: Set<UInt64> = []
    for candidate in candidates where sources.count < limit {
      guard let note = candidate.vmCoreInfo, seen.insert(note.address).inserted,
        let architecture = Architecture.of(candidate.header)
      else { continue }
      let count = Int(min(note.descriptionSize, UInt64(VMCoreInfo.largestText)))
      let text = try view.memory.paddedBytes(at: note.descriptionAddress, count: count).bytes
      sources.append(
        Source(
          information: VMCoreInfo(text), architecture: architecture,
          order: candidate.header.order))
    }
    guard sources.isEmpty else { return sources }
    return try VMCoreInfoSearch(evidence, in: view).found.prefix(limit).map {
      Source(information: $0.information, architecture: $0.architecture, order: $0.order)
    }
  }
}
