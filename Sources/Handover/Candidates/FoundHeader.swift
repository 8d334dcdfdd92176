internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// The core header that was chosen, with everything that its choice rests on.
struct FoundHeader: Sendable {
  /// The memory under the layout that was chosen.
  let memory: PhysicalMemory
  let layout: ImageLayout
  let examination: CandidateExamination
  /// What named its place, best first.
  var namedBy: [NamedPlace] = []
  /// Whether the second kernel's own merged header of it was found.
  var mergedHeader: UInt64?
  /// What that one shows of the second kernel.
  var mergedLayout: MergedLayout?
  /// The Linux whose vmcoreinfo the header does not have, under Xen.
  var domainZero: DomainZero?
  var locators: [LocatorReport] = []
  var candidates: [CandidateReport] = []
  /// Rules that a header chosen by the user breaks.
  var warnings: [Finding] = []
  /// What it left beside the header, where the search has read that already.
  var left: CandidateKernel?

  /// The system that the header describes.
  func system(
    _ options: SearchOptions, beside handover: S390Handover?
  ) throws(ReadError) -> CrashedSystem {
    let header = examination.header
    let left =
      if let left { left } else {
        try CandidateKernel(examination, in: memory, options.moment)
      }
    let processors = try Processor.all(
      in: examination.sections, of: header, architecture: left.architecture, memory: memory,
      information: examination.vmCoreInfo)
    let producer = Producer.of(header, named: namedBy, backup: left.backup != nil)
    let region = HeaderRegion.of(
      examination, named: namedBy, option: options.coreHeader, producer)
    return CrashedSystem(
      memory: left.memory, imageMemory: memory, layout: layout, header: header,
      headerAddress: examination.address, headerRegion: region, sections: examination.sections,
      unsoundLoads: examination.loads.unsound, vmCoreInfo: left.information,
      vmCoreInfoNote: examination.vmCoreInfo, architecture: left.architecture,
      kernel: handover?.kernel ?? left.kernel,
      moment: Moment.of(
        backup: left.backup, merged: mergedHeader, vmCoreInfo: left.information, processors,
        lacksNotes: NoteWarnings.lacksNotes(examination.sections, memory)),
      backup: left.backup?.region, producer: producer, processors: processors,
      mergedHeader: mergedHeader, mergedLayout: mergedLayout, domainZero: domainZero,
      namedBy: namedBy, locators: locators, candidates: candidates,
      warnings: try warnings
        + NoteWarnings.about(
          examination.sections, processors, memory, left.information,
          handover?.kernel ?? left.kernel)
        + HeaderRegion.overlaps(of: region, header, examination.sections),
      s390: handover)
  }
}

/// The kernel that a core header is of, and its memory.
struct CandidateKernel: Sendable {
  let architecture: Architecture?
  let information: VMCoreInfo?
  let backup: (region: BackupRegion, evidence: Message)?
  /// The memory as that kernel had it.
  let memory: PhysicalMemory
  let kernel: Kernel?

  /// What a header's vmcoreinfo and its loads tell.
  init(
    _ candidate: CandidateExamination, in memory: PhysicalMemory, _ moment: MomentOption
  ) throws(ReadError) {
    let header = candidate.header
    architecture = Architecture.of(header)
    information = try candidate.vmCoreInfo.map { note throws(ReadError) in
      try note.vmCoreInfo(in: memory)
    }
    backup = try BackupRegion.find(of: candidate, in: memory, option: moment)
    self.memory = BackupRegion.crashedMemory(of: candidate, backup?.region, memory)
    if let information, let architecture {
      kernel = Kernel(
        information, architecture, order: header.order, memory: self.memory,
        loads: candidate.soundLoads.map(\.segment))
    } else {
      kernel = nil
    }
  }
}
