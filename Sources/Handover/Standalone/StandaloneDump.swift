internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// The fallback: a vmcore of all memory, made without a core header.
struct StandaloneDump {
  private let scene: Scene
  private let failure: SearchError
  private let reason: String
  private var options: SearchOptions { scene.options }

  /// A dump in place of what steps before did not find, where the options and the image allow it.
  static let step = SystemFinder.Step(isFallback: true) { scene, failure throws(ReadError) in
    guard let failure, let reason = reason(for: failure, scene.options),
      // The dump that is there already is the better fallback, unless it is wrong.
      try scene.keptDump().map({ $0.refutation != nil }) ?? true
    else { return .absent(nil) }
    let dump = StandaloneDump(scene: scene, failure: failure, reason: reason)
    if scene.options.fallback == .standalone,
      let refusal = try Encryption.refusal(of: scene.image.memory, nil)
    {
      return .corrupt(refusal)
    }
    return try dump.best()
  }

  /// Why a dump of all memory is made after a failed search; nil where none is.
  private static func reason(for error: SearchError, _ options: SearchOptions) -> String? {
    // Everything as it lies has no fallback.
    guard options.selection != .all, options.fallback != .refuse, options.coreHeader == nil
    else { return nil }
    return switch error {
    case .notFound: "there is no usable elfcorehdr in this image"
    case .digestDiffers: "the purgatory's digest differs, so the elfcorehdr is not followed"
    case .stale(let header, _):
      "the elfcorehdr at \(header.address.hex) is of an earlier kernel (\(header.difference))"
    case .ambiguous:
      options.fallback == .standalone ? "no rule separates the core headers that are left" : nil
    case .layoutOpen, .corrupt, .read, .cancelled: nil
    }
  }

  /// The system of the layout that the kernel and its memory prove.
  private func best() throws(ReadError) -> SystemFinder.Answer {
    let proved = try ProvedLayout(in: scene) { evidence, view throws(ReadError) in
      try kernel(evidence, view).map { (found: $0, scanned: $0.scanned) }
    }
    let evidence = try scene.evidence()
    switch proved {
    case .absent: return try secondKernel(evidence)
    case .open(let choice): return .corrupt(.layoutOpen(failure.beside(choice)))
    case .found(let kernel, let view):
      let parts = try StandaloneParts(kernel, scene, evidence, view)
      return try system(parts, in: view).map { .found($0) } ?? .absent(nil)
    }
  }

  /// What is said where the only kernel in memory is the second one.
  private func secondKernel(_ evidence: Evidence) throws(ReadError) -> SystemFinder.Answer {
    guard options.selection == .production else { return .absent(nil) }
    if case .stale = failure { return .absent(nil) }
    for view in try scene.views() {
      for scanned in try VMCoreInfoSearch(evidence, in: view).found {
        guard let merged = evidence.mergedHeader(beside: scanned, in: view) else { continue }
        return .corrupt(
          .corrupt(
            "shows only the second kernel's memory: its kernel at "
              + "\(scanned.system.address.hex) lies outside the crashed machine's memory, by its own "
              + "header of that at "
              + "\(merged.hex); \(.selection)=kdump shows it"))
      }
    }
    return .absent(nil)
  }

  /// The kernel in memory: by the user's text, by a sound note, or by its architecture alone.
  private func kernel(
    _ evidence: Evidence, _ view: ImageView
  ) throws(ReadError) -> StandaloneKernel? {
    if let information = options.vmCoreInfo {
      return try StandaloneKernel(information, options.architecture, in: view.memory)
    }
    let search = try VMCoreInfoSearch(evidence, in: view)
    let found = search.kernels(of: options, evidence, in: view).first(where: isOfThisRun)
    if let found { return StandaloneKernel(found) }
    guard options.fallback == .standalone, options.selection == .production,
      let architecture = options.architecture
    else { return nil }
    return StandaloneKernel(architecture, rejected: search.rejected)
  }

  /// Beside a header that an earlier kernel left, that kernel's second one may be left, too; the
  /// user may know that it runs.
  private func isOfThisRun(_ scanned: ScannedVMCoreInfo) -> Bool {
    guard case .stale(let header, _) = failure, options.fallback != .standalone else { return true }
    return !header.crashRegion.contains(scanned.system.address)
  }

  /// The system of these parts; nil where its table would be too long.
  private func system(
    _ parts: StandaloneParts, in view: ImageView
  ) throws(ReadError) -> CrashedSystem? {
    let architecture = parts.kernel.architecture
    let segments = parts.notes + parts.loads.segments
    guard !parts.sections.isEmpty, segments.count < UInt16.max,
      let machine = architecture.identity.machines.first,
      let header = CoreHeader(
        header: ELFHeader(
          coreFor: machine, elfClass: architecture.identity.nativeClass,
          order: architecture.identity.order),
        segments: segments)
    else { return nil }
    let processors =
      if let s390 = parts.s390 {
        s390.processors.described
      } else {
        try Processor.all(
          in: parts.sections.filter { $0.built == nil }, of: header, architecture: architecture,
          memory: view.memory, information: parts.sections.last?.notes.first)
      }
    let seen = failure.searched
    return CrashedSystem(
      memory: view.memory, imageMemory: view.memory, layout: view.layout, header: header,
      sections: parts.sections, unsoundLoads: LoadCheck(header).unsound,
      vmCoreInfo: parts.kernel.information, vmCoreInfoNote: parts.kernel.note,
      architecture: architecture, kernel: parts.kernel.kernel, moment: parts.moment,
      producer: Producer(
        kind: .standalone, evidence: "built from vmcoreinfo and \(parts.memory.origin)"),
      processors: processors, locators: seen?.locators ?? [], candidates: seen?.candidates ?? [],
      warnings: [
        Finding(
          "FALLBACK: \(reason): this is a stand-alone dump of all memory "
            + "(\(parts.memory.origin)), not what a second kernel would have offered")
      ] + parts.warnings,
      s390: parts.s390)
  }
}

/// What is known of the kernel of a vmcore without a core header.
struct StandaloneKernel {
  let architecture: Architecture
  /// nil where the user asked for a dump without one.
  let information: VMCoreInfo?
  /// Where the note lies; nil where the text came from the user.
  let note: Note?
  /// The kernel's own memory, where anything tells where it is.
  let kernel: Kernel?
  /// Where a sound note told of it; nil where the user did.
  let scanned: ScannedVMCoreInfo?
  /// Physical address inside the kernel image.
  let place: UInt64?
  let warnings: [Finding]

  /// A kernel by a note that was found and is sound.
  init(_ scanned: ScannedVMCoreInfo) {
    self.scanned = scanned
    kernel = scanned.kernel
    architecture = scanned.kernel.architecture
    information = scanned.kernel.information
    note = scanned.note
    place = scanned.system.address
    warnings = []
  }

  /// A kernel by the user's text: the architecture is the one whose kernel is where it says.
  init?(
    _ information: VMCoreInfo, _ given: Architecture?, in memory: PhysicalMemory
  ) throws(ReadError) {
    var found: (kernel: Kernel, system: SystemName)?
    for architecture in given.map({ [$0] }) ?? Architecture.all where found == nil {
      guard
        let kernel = Kernel(
          information, architecture, order: architecture.identity.order, memory: memory),
        let system = try kernel.confirmedName()
      else { continue }
      found = (kernel, system)
    }
    guard let architecture = found?.kernel.architecture ?? given else { return nil }
    self.architecture = architecture
    self.information = information
    note = nil
    scanned = nil
    kernel =
      found?.kernel
      ?? Kernel(information, architecture, order: architecture.identity.order, memory: memory)
    place = found?.system.address
    warnings =
      found == nil
      ? [Finding("\(.vmcoreinfo): no kernel \(information.release ?? "") is where it says")] : []
  }

  /// Only what the user says.
  init(_ architecture: Architecture, rejected: [String]) {
    self.architecture = architecture
    information = nil
    note = nil
    scanned = nil
    kernel = nil
    place = nil
    warnings =
      [Finding("no sound VMCOREINFO note: readers will not know where the kernel lies")]
      + rejected.prefix(8).map { Finding(Message($0)) }
  }
}
