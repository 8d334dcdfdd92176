internal import Bytes
internal import CrashedKernel
internal import DumpRecords
package import MemoryImages

extension CrashedSystem {
  /// Finds what the crashed kernel left in an image; of a file that is a dump already, the header
  /// is kept that it brings along.
  ///
  /// The memory of such a file is searched where the user asks for it, where it has no VMCOREINFO
  /// note, and where a hypervisor made it: the CPUs it saw may be those of the second kernel, also
  /// where its VMCOREINFO note is the crashed one's (QEMU `-device vmcoreinfo`: the second kernel
  /// leaves alone what the first has said, `drivers/firmware/qemu_fw_cfg.c`).
  package init(in image: MemoryImage, _ options: SearchOptions) throws(SearchError) {
    if let stored = image.stored, !options.asksForSearch {
      self = try CrashedSystem.ofDump(stored, image, options)
    } else {
      self = try CrashedSystem(searching: image, options)
    }
    warnings = image.warnings + warnings
  }

  private static func ofDump(
    _ stored: StoredCore, _ image: MemoryImage, _ options: SearchOptions
  ) throws(SearchError) -> CrashedSystem {
    var kept: CrashedSystem
    do throws(ReadError) { kept = try CrashedSystem(keeping: stored, of: image) } catch {
      throw .read(error)
    }
    let isWhole = kept.vmCoreInfo != nil
    if !isWhole, kept.isOfProcess {
      throw .corrupt("is the core of a process (it has a note NT_AUXV), expected that of a kernel")
    }
    guard !isWhole || kept.isMadeByHypervisor else { return kept }
    var search: CoreHeaderSearch?
    do throws(SearchError) {
      // Without a fallback: the dump itself is a better one.
      var found = try CrashedSystem(in: image, options, keeping: &search)
      guard !isWhole || found.moment.phase == .after || found.isCrash(of: kept) else { return kept }
      found.warnings.insert(
        Finding(
          "the file is a dump of a machine with a crashed kernel's core header in its memory: "
            + "that kernel's vmcore is made, the notes of the dump are not kept", isDamage: false),
        at: 0)
      return found
    } catch {
      switch error {
      case .read, .cancelled: throw error
      case .notFound: break
      case .ambiguous, .corrupt, .digestDiffers: if !isWhole { throw error }
      }
    }
    if kept.vmCoreInfo?.crashTime != nil {
      kept.warnings.append(
        Finding(
          "the kernel of the dump has crashed, and its core header is not found in the memory: the "
            + "dump is kept as it is, with the registers that the hypervisor saw (--rebuild says "
            + "what was searched)"))
    }
    if !isWhole {
      kept.warnings.append(
        Finding(
          "the dump has no VMCOREINFO note, and no crashed kernel's core header is in its "
            + "memory: it is kept as it is (--rebuild looks for a kernel's vmcoreinfo, too)"))
    }
    return kept
  }

  /// The system of a dump, whose header is kept. Addresses of notes are offsets in the file.
  private init(keeping stored: StoredCore, of image: MemoryImage) throws(ReadError) {
    let file = stored.fileAsMemory
    let sections = try CrashedSystem.sections(of: stored, in: file)
    let notes = sections.flatMap(\.notes)
    header = stored.header
    memory = image.memory
    imageMemory = memory
    layout = image.layout
    headerAddress = nil
    headerRegion = nil
    self.sections = sections
    unsoundLoads = [:]
    architecture = Architecture.of(header)
    vmCoreInfoNote = notes.first { $0.type == .vmCoreInfo }
    vmCoreInfo = try CrashedSystem.text(of: vmCoreInfoNote, in: file)
    backup = nil
    var processors = try CrashedSystem.processors(
      in: sections, architecture, order: header.order, file)
    let isHypervisor = CrashedSystem.isHypervisor(notes, stored)
    if isHypervisor {
      for index in processors.indices { processors[index].state?.processIdentifier = nil }
    }
    self.processors = processors
    producer = Producer(
      kind: .dumpFile,
      evidence: isHypervisor ? "a hypervisor's registers" : "its format is \(image.format)")
    moment =
      isHypervisor
      ? CrashedSystem.moment(seenByHypervisor: vmCoreInfo)
      : CrashedSystem.moment(backup: nil, merged: nil, vmCoreInfo: vmCoreInfo, processors)
    mergedHeader = nil
    namedBy = []
    locators = []
    candidates = []
    warnings = CrashedSystem.warnings(about: sections)
    s390 = nil
    self.stored = stored
  }

  private var isMadeByHypervisor: Bool {
    stored.map { CrashedSystem.isHypervisor(sections.flatMap(\.notes), $0) } ?? false
  }

  /// Whether a hypervisor saved the registers. On x86 QEMU has notes of its own; on arm64 it has
  /// floating point registers, which the kernel saves on s390x alone; on riscv64 only the loads
  /// tell: their virtual addresses are the physical ones (`target/*/arch_dump.c`, `dump/dump.c`).
  private static func isHypervisor(_ notes: [Note], _ stored: StoredCore) -> Bool {
    if notes.contains(where: { $0.type == .qemu }) { return true }
    guard stored.header.header.machine != .s390 else { return false }
    if notes.contains(where: { $0.type == .floatingPoint }) { return true }
    return stored.header.header.machine == .riscv && stored.hasLoadsInFile
      && stored.header.segments(of: .load).allSatisfy {
        $0.segment.virtualAddress == $0.segment.physicalAddress
      }
  }

  /// Whether it is the crash of the kernel that a dump's own VMCOREINFO note tells of. Before the
  /// second kernel has made its own header nothing else tells that it has started, and the crash
  /// path adds CRASHTIME only where it goes on to start it (`kernel/kexec_core.c`).
  private func isCrash(of dump: CrashedSystem) -> Bool {
    vmCoreInfo?.crashTime != nil && vmCoreInfo == dump.vmCoreInfo
  }

  /// A hypervisor has registers of any machine at any time: they prove no crash.
  private static func moment(seenByHypervisor information: VMCoreInfo?) -> Moment {
    guard let information else {
      return Moment(phase: .unknown, evidence: "a hypervisor's dump without VMCOREINFO")
    }
    guard let time = information.crashTime else {
      return Moment(phase: .running, evidence: "no CRASHTIME in the hypervisor's VMCOREINFO")
    }
    return Moment(phase: .crashed, evidence: "vmcoreinfo has CRASHTIME=\(time)")
  }

  /// No kernel has an auxiliary vector; every process has one.
  private var isOfProcess: Bool {
    sections.contains { $0.notes.contains { $0.type == .auxiliaryVector } }
  }

  /// A last note whose padding the segment leaves out is whole all the same.
  private static func sections(
    of stored: StoredCore, in file: PhysicalMemory
  ) throws(ReadError) -> [NoteSection] {
    var sections: [NoteSection] = []
    for (index, note) in stored.header.segments(of: .note) {
      var note = note
      note.memorySize = (note.fileSize + 3).roundedDown(to: 4)
      sections.append(
        try NoteSection(
          of: note, at: index, order: stored.header.order, in: file,
          largest: largestNotes, keptNotes: NoteSection.mostNotes))
    }
    return sections
  }

  /// Device dumps among the notes can be large.
  private static let largestNotes: UInt64 = 2 << 30

  private static func processors(
    in sections: [NoteSection], _ architecture: Architecture?, order: ByteOrder,
    _ file: PhysicalMemory
  ) throws(ReadError) -> [Processor] {
    var processors: [Processor] = []
    for section in sections {
      for note in section.notes where note.type == .processStatus {
        guard processors.count < Processor.limit else { return processors }
        let description = try file.paddedBytes(
          at: note.descriptionAddress, count: Int(min(note.descriptionSize, 4096)))
        processors.append(
          Processor(
            number: processors.count, index: section.index, address: note.address,
            isEmpty: false,
            state: architecture.flatMap {
              ProcessorState(description.bytes, architecture: $0, order: order)
            }))
      }
    }
    return processors
  }

  private static func warnings(about sections: [NoteSection]) -> [Finding] {
    sections.prefix(64).compactMap { section in
      let place = "PT_NOTE \(section.index) at offset \(section.address.hex)"
      switch section.end {
      case .terminator, .full: return nil
      case .cutShort(let offset, let claims):
        return Finding(
          "\(place): the note at \(offset.hex) claims \(claims.hex) bytes, expected at most "
            + "\((section.address + section.limit - offset).hex): the rest is left out",
          isPartial: true)
      case .tooLarge:
        return Finding(
          "\(place): holds more than \(NoteSection.mostNotes) notes: the rest is left out",
          isPartial: true)
      }
    }
  }
}

extension SearchOptions {
  /// Whether the header is to come out of memory, also where the file is a dump already.
  fileprivate var asksForSearch: Bool {
    isRebuilding || coreHeader != nil || selection != .production || headerSource == .build
  }
}
