internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// The fallback: a vmcore of all memory, made without a core header.
struct StandaloneDump {
  private let image: MemoryImage
  private let options: SearchOptions
  private let search: CoreHeaderSearch

  /// A fallback for an image, after the search that saw it, where one did.
  init(_ image: MemoryImage, _ options: SearchOptions, _ search: CoreHeaderSearch?) {
    self.search = search ?? CoreHeaderSearch(image, options)
    self.image = self.search.image
    self.options = options
  }

  /// The system after a failed search; nil where the options or the image do not allow it.
  func system(after error: SearchError) throws(SearchError) -> CrashedSystem? {
    guard options.fallback != .refuse, options.coreHeader == nil else { return nil }
    let reason: String
    switch error {
    case .notFound: reason = "there is no usable elfcorehdr in this image"
    case .digestDiffers:
      reason = "the purgatory's digest differs, so the elfcorehdr is not followed"
    case .ambiguous where options.fallback == .standalone:
      reason = "no rule separates the core headers that are left"
    case .ambiguous, .corrupt, .read, .cancelled: return nil
    }
    do throws(ReadError) {
      let evidence: Evidence
      if let seen = search.evidence {
        evidence = seen
      } else {
        evidence = try Evidence(
          image.memory, workers: options.workers, isCancelled: options.isCancelled)
      }
      return try best(of: search.views(of: evidence), evidence, reason, error)
    } catch {
      throw .read(error)
    }
  }

  /// The layout under which a kernel is found and the least memory is missing.
  private func best(
    of views: [ImageView], _ evidence: Evidence, _ reason: String, _ error: SearchError
  ) throws(ReadError) -> CrashedSystem? {
    var best: (system: CrashedSystem, missing: UInt64)?
    for view in views {
      guard let kernel = try kernel(evidence, view) else { continue }
      let parts = try StandaloneParts(kernel, image, evidence, view, options)
      let missing = parts.memory.ranges.reduce(UInt64(0)) { sum, range in
        sum &+ view.memory.missing(in: range).reduce(0) { $0 &+ $1.length }
      }
      if missing >= best?.missing ?? .max { continue }
      guard let system = try CrashedSystem(parts, in: view, reason, error) else { continue }
      best = (system, missing)
    }
    return best?.system
  }

  /// The kernel in memory: by the user's text, by a sound note, or by its architecture alone.
  private func kernel(
    _ evidence: Evidence, _ view: ImageView
  ) throws(ReadError) -> StandaloneKernel? {
    if let information = options.vmCoreInfo {
      return try StandaloneKernel(information, options.architecture, in: view.memory)
    }
    let search = try VMCoreInfoSearch(evidence, in: view)
    let found = search.found.first { scanned in
      options.architecture.map { $0.name == scanned.architecture.name } ?? true
    }
    if let found { return StandaloneKernel(found) }
    guard options.fallback == .standalone, let architecture = options.architecture else {
      return nil
    }
    return StandaloneKernel(architecture, rejected: search.rejected)
  }
}

/// What is known of the kernel of a vmcore without a core header.
struct StandaloneKernel {
  let architecture: Architecture
  /// nil where the user asked for a dump without one.
  let information: VMCoreInfo?
  /// Where the note lies; nil where the text came from the user.
  let note: Note?
  let translation: AddressTranslation?
  /// Physical address inside the kernel image.
  let place: UInt64?
  let warnings: [Finding]

  /// A kernel by a note that was found and is sound.
  init(_ scanned: ScannedVMCoreInfo) {
    architecture = scanned.architecture
    information = scanned.information
    note = scanned.note
    translation = scanned.translation
    place = scanned.system.address
    warnings = []
  }

  /// A kernel by the user's text: the architecture is the one whose kernel is where it says.
  init?(
    _ information: VMCoreInfo, _ given: Architecture?, in memory: PhysicalMemory
  ) throws(ReadError) {
    var found: (Architecture, AddressTranslation, SystemName)?
    for architecture in given.map({ [$0] }) ?? Architecture.all where found == nil {
      guard let translation = AddressTranslation(architecture, information),
        let system = try SystemName(in: memory, information, translation),
        system.release == information.release, system.isMachine(of: architecture)
      else { continue }
      found = (architecture, translation, system)
    }
    guard let architecture = found?.0 ?? given else { return nil }
    self.architecture = architecture
    self.information = information
    note = nil
    translation = found?.1 ?? AddressTranslation(architecture, information)
    place = found?.2.address
    warnings =
      found == nil
      ? [Finding("--vmcoreinfo: no kernel \(information.release ?? "") is where it says")] : []
  }

  /// Only what the user says.
  init(_ architecture: Architecture, rejected: [String]) {
    self.architecture = architecture
    information = nil
    note = nil
    translation = nil
    place = nil
    warnings =
      [Finding("no sound VMCOREINFO note: readers will not know where the kernel lies")]
      + rejected.prefix(8).map { Finding($0) }
  }
}
