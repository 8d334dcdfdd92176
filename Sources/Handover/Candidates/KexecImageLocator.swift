internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// Looks for core headers in the segments of the kexec image that the crashed kernel had loaded.
struct KexecImageLocator {
  /// The segments that begin with a core header.
  let places: [NamedPlace]
  let report: LocatorReport

  /// What is said where no kernel is at hand.
  static let absence = "no vmcoreinfo leads to the kernel's symbol table"

  /// Looks at what a kernel had loaded.
  init(_ answer: Answer<KexecImage>, _ evidence: Evidence, in view: ImageView) {
    switch answer {
    case .absent(let why): self.init([], .absent(why))
    case .corrupt(let why): self.init([], .corrupt(why))
    case .found(let image): self.init(image, evidence, in: view)
    }
  }

  private init(_ image: KexecImage, _ evidence: Evidence, in view: ImageView) {
    let headers = Set(evidence.headers.compactMap { view.address(ofScanned: $0.address) })
    let name = image.place
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
}

/// The kernels that candidates for the core header are of, read once for each vmcoreinfo note.
struct CandidateKernels {
  /// By the address of the candidate.
  private(set) var all: [UInt64: CandidateKernel] = [:]
  /// What the first kernel that tells had loaded for a crash, else what the last one said.
  private(set) var kexec = Answer<KexecImage>.absent(KexecImageLocator.absence)

  /// Vmcoreinfo notes that are tried.
  private static let limit = 4

  /// Asks the kernels of the candidates; where none has a vmcoreinfo, those whose note stands in
  /// memory.
  init(
    _ candidates: [CandidateExamination], _ evidence: Evidence, in view: ImageView,
    _ moment: MomentOption
  ) throws(ReadError) {
    var seen: Set<UInt64> = []
    for candidate in candidates where seen.count < CandidateKernels.limit {
      guard let note = candidate.vmCoreInfo, Architecture.of(candidate.header) != nil,
        seen.insert(note.address).inserted
      else { continue }
      let left = try CandidateKernel(candidate, in: view.memory, moment)
      all[candidate.address] = left
      if kexec.value == nil { kexec = try Kernel.kexecImage(of: left.kernel) }
    }
    guard seen.isEmpty else { return }
    for found in try VMCoreInfoSearch(evidence, in: view).found.prefix(CandidateKernels.limit)
    where kexec.value == nil {
      kexec = try KexecImage.read(found.kernel)
    }
  }
}

extension Kernel {
  /// What a kernel had loaded for a crash, whose vmcoreinfo may not tell where it lies.
  static func kexecImage(of kernel: Kernel?) throws(ReadError) -> Answer<KexecImage> {
    guard let kernel else { return .absent(absence) }
    return try KexecImage.read(kernel)
  }
}
