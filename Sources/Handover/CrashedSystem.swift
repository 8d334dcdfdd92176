package import Bytes
package import CrashedKernel
package import DumpRecords
package import MemoryImages

/// What a crashed kernel left in its memory: a value that holds all that a vmcore is made of.
package struct CrashedSystem: Sendable {
  /// The crashed kernel's physical memory: what others have moved since is shown where that kernel
  /// had it (s390x's exchange with the second kernel, the purgatory's backup region).
  package internal(set) var memory: PhysicalMemory
  /// The memory as it lies in the image under its layout (on s390x with the exchange undone).
  package let imageMemory: PhysicalMemory
  /// How the file lies in memory.
  package let layout: ImageLayout
  /// Physical address of the core header; nil where it was built.
  package let headerAddress: UInt64?
  /// The memory that is reserved for the core header; nil where it was built.
  package let headerRegion: Range<UInt64>?
  package internal(set) var header: CoreHeader
  /// The walked notes, in table order.
  package internal(set) var sections: [NoteSection]
  /// Loads that no machine can have, by their place in the table, with the reason.
  package internal(set) var unsoundLoads: [Int: String]
  /// The kernel's own description, where the header has exactly one.
  package internal(set) var vmCoreInfo: VMCoreInfo?
  /// Where that note lies.
  package internal(set) var vmCoreInfoNote: Note?
  package let architecture: Architecture?
  package let moment: Moment
  package internal(set) var backup: BackupRegion?
  package let producer: Producer
  package internal(set) var processors: [Processor]
  /// Where the second kernel's merged header of this one lies, once it has run.
  package let mergedHeader: UInt64?
  package let namedBy: [NamedPlace]
  package let locators: [LocatorReport]
  package let candidates: [CandidateReport]
  package internal(set) var warnings: [Finding]
  /// What an s390x kernel left at its fixed places.
  package let s390: S390Handover?
  /// The header that the file brought along, where that one is kept.
  package let stored: StoredCore?

  /// Finds what the crashed kernel left in the memory of an image.
  init(searching image: MemoryImage, _ options: SearchOptions) throws(SearchError) {
    var search: CoreHeaderSearch?
    do throws(SearchError) {
      self = try CrashedSystem(in: image, options, keeping: &search)
    } catch {
      // What else was asked for than the crashed kernel's memory has no fallback.
      guard options.selection == .production,
        let standalone = try StandaloneDump(image, options, search).system(after: error)
      else { throw error }
      self = standalone
    }
  }

  /// The same without a fallback; the search is kept for a caller that has one.
  init(
    in image: MemoryImage, _ options: SearchOptions, keeping search: inout CoreHeaderSearch?
  ) throws(SearchError) {
    let machine = try S390System(image, options)
    if let built = try machine.built() {
      self = built
      if options.verifiesDigest { try refuseWrongDigest() }
      return
    }
    try Self.refuse(options)
    self = try CrashedSystem(
      searching: machine.crashedImage, options, machine.handover, keeping: &search)
    if options.verifiesDigest { try refuseWrongDigest() }
    switch options.selection {
    case .production: break
    case .kdump: try selectSecondKernel(options)
    case .all: selectEverything()
    }
  }

  /// The system whose header lies in memory.
  init(
    searching image: MemoryImage, _ options: SearchOptions, _ handover: S390Handover?
  ) throws(SearchError) {
    var search: CoreHeaderSearch?
    self = try CrashedSystem(searching: image, options, handover, keeping: &search)
  }

  private init(
    searching image: MemoryImage, _ options: SearchOptions, _ handover: S390Handover?,
    keeping search: inout CoreHeaderSearch?
  ) throws(SearchError) {
    var running = CoreHeaderSearch(image, options)
    defer { search = running }
    let found = try running.run()
    do throws(ReadError) {
      let beside = if let handover { handover } else { try S390Handover(of: found, image) }
      self = try CrashedSystem(found, options, beside)
    } catch {
      throw .read(error)
    }
  }

  /// What no image but one of s390x allows.
  private static func refuse(_ options: SearchOptions) throws(SearchError) {
    if options.headerSource == .build {
      throw .corrupt(
        "--header=build: no s390x machine with a crash region was found; every other second "
          + "kernel is given its header in memory")
    }
  }

  init(
    _ found: FoundHeader, _ options: SearchOptions, _ handover: S390Handover? = nil
  ) throws(ReadError) {
    s390 = handover
    stored = nil
    let examination = found.examination
    let raw = found.memory
    imageMemory = raw
    layout = found.layout
    header = examination.header
    headerAddress = examination.address
    sections = examination.sections
    unsoundLoads = examination.loads.unsound
    architecture = Architecture.of(header)
    mergedHeader = found.mergedHeader
    namedBy = found.namedBy
    locators = found.locators
    candidates = found.candidates
    vmCoreInfoNote = examination.vmCoreInfo
    vmCoreInfo = try CrashedSystem.text(of: examination.vmCoreInfo, in: raw)
    processors = try Processor.all(
      in: sections, of: header, architecture: architecture, memory: raw,
      information: vmCoreInfoNote)
    let backup = try BackupRegion.find(in: found, option: options.moment)
    self.backup = backup?.region
    memory = BackupRegion.crashedMemory(of: examination, backup?.region, raw)
    producer = Producer.of(header, named: found.namedBy, backup: backup != nil)
    let region = CrashedSystem.region(
      of: examination, named: found.namedBy, option: options.coreHeader, producer)
    headerRegion = region
    moment = CrashedSystem.moment(
      backup: backup, merged: found.mergedHeader, vmCoreInfo: vmCoreInfo, processors)
    var warnings = found.warnings
    warnings += CrashedSystem.noteWarnings(sections, processors, raw)
    warnings += CrashedSystem.overlapWarnings(region, header, sections)
    self.warnings = warnings
  }

  /// Memory as the second kernel reads it at a `p_offset` of the core header (`read_from_oldmem`,
  /// `fs/proc/vmcore.c`): where the purgatory has not run yet, its backup region shows what it
  /// would hold by then.
  package var oldMemory: PhysicalMemory {
    guard let backup, backup.isStillAtSource else { return imageMemory }
    return imageMemory.redirecting(backup.copy, to: backup.source, of: imageMemory)
  }

  static func text(
    of note: Note?, in memory: PhysicalMemory
  ) throws(ReadError) -> VMCoreInfo? {
    guard let note else { return nil }
    let count = Int(min(note.descriptionSize, UInt64(VMCoreInfo.largestText)))
    return VMCoreInfo(try memory.paddedBytes(at: note.descriptionAddress, count: count).bytes)
  }

  /// The region is as large as whoever named it says; else what the producer rounds up to.
  private static func region(
    of examination: CandidateExamination, named: [NamedPlace], option: ELFCoreHeaderParameter?,
    _ producer: Producer
  ) -> Range<UInt64> {
    let used = UInt64(examination.header.size)
    let sizes = [option?.size] + named.map(\.parameter.size)
    let said = sizes.compactMap { $0 }.first { $0 >= used && $0 <= 1 << 32 }
    let size = said ?? used.roundedUp(to: producer.kind == .kexecTools ? 1024 : 4096) ?? used
    return examination.address..<(examination.address.adding(size) ?? .max)
  }

  static func moment(
    backup: (region: BackupRegion, evidence: String)?, merged: UInt64?, vmCoreInfo: VMCoreInfo?,
    _ processors: [Processor]
  ) -> Moment {
    if let backup, backup.region.isStillAtSource {
      let isRunning = vmCoreInfo?.crashTime == nil && processors.allSatisfy { $0.state == nil }
      return Moment(phase: isRunning ? .running : .before, evidence: backup.evidence)
    }
    if let merged {
      let text = "the second kernel's own header at \(merged.hex) has the same loads"
      return Moment(phase: .after, evidence: backup.map { "\($0.evidence); \(text)" } ?? text)
    }
    if let time = vmCoreInfo?.crashTime {
      return Moment(
        phase: backup == nil ? .crashed : .after,
        evidence: backup?.evidence ?? "vmcoreinfo has CRASHTIME=\(time)")
    }
    if processors.contains(where: { $0.state != nil }) {
      return Moment(phase: .crashed, evidence: "CPU registers were saved")
    }
    return Moment(
      phase: .running, evidence: "no CRASHTIME in vmcoreinfo, no CPU registers were saved")
  }
}
