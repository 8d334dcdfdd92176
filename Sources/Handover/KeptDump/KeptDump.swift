internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// A file that is a dump already: the header is kept that it brings along.
///
/// The memory of such a file is searched where the user asks for it, where it has no VMCOREINFO
/// note, and where a hypervisor made it: the CPUs it saw may be those of the second kernel, also
/// where its VMCOREINFO note is the crashed one's (QEMU `-device vmcoreinfo`: the second kernel
/// leaves alone what the first has said, `drivers/firmware/qemu_fw_cfg.c`).
struct KeptDump: Sendable {
  /// The system as the dump describes it.
  private(set) var system: CrashedSystem
  /// Whether a hypervisor saved the registers.
  private let isMadeByHypervisor: Bool

  /// Why its VMCOREINFO is not that of the kernel in its memory, where another one is.
  private(set) var refutation: Message?

  /// The same where there is no other one.
  private var contradiction: Message?

  /// Whether it has the notes of a kernel.
  private var isWhole: Bool { system.vmCoreInfo != nil && refutation == nil }

  /// The system of a dump. Addresses of notes are offsets in the file.
  init(_ stored: StoredCore, of image: MemoryImage) throws(ReadError) {
    var file = stored.fileAsMemory
    file.budget = image.budget
    let header = stored.header
    let architecture = Architecture.of(header)
    var sections = try KeptDump.sections(of: stored, in: file)
    let notes = sections.flatMap(\.notes)
    let derived = try QEMUNotes(notes, architecture, in: file)
    sections += derived.map { [$0.section] } ?? []
    let note = notes.first { $0.type == .vmCoreInfo }
    let information = try note.map { note throws(ReadError) in try note.vmCoreInfo(in: file) }
    var processors = try KeptDump.processors(in: sections, architecture, order: header.order, file)
    processors += derived?.processors ?? []
    isMadeByHypervisor = stored.isMadeByHypervisor(notes)
    if isMadeByHypervisor {
      for index in processors.indices { processors[index].state?.processIdentifier = nil }
    }
    let kernel: Kernel? =
      if let information, let architecture {
        Kernel(
          information, architecture, order: header.order, memory: image.memory,
          loads: header.segments(of: .load).map(\.segment))
      } else {
        nil
      }
    // An ELF core has virtual addresses; a kdump-compressed file keeps none.
    let restored = try stored.machine.map { _ throws(ReadError) in
      try RestoredLoads(header, of: kernel, architecture)
    }
    system = CrashedSystem(
      memory: image.memory, imageMemory: image.memory, layout: image.layout,
      header: restored?.header ?? header,
      sections: sections, unsoundLoads: [:], vmCoreInfo: information, vmCoreInfoNote: note,
      architecture: architecture, kernel: kernel,
      moment: isMadeByHypervisor
        ? KeptDump.moment(seenByHypervisor: information)
        : Moment.of(backup: nil, merged: nil, vmCoreInfo: information, processors),
      producer: Producer(
        kind: .dumpFile,
        evidence: isMadeByHypervisor
          ? "a hypervisor's registers" : "its format is \(image.format)"),
      processors: processors,
      warnings: KeptDump.warnings(about: sections) + (restored?.warnings ?? []),
      s390: architecture?.buildsCoreHeader == true
        ? try KeptDump.handover(of: image, notes, in: file) : nil,
      stored: restored.map { stored.with($0.header) } ?? stored)
  }

  /// Holds the dump's VMCOREINFO against the kernel in its memory (rule R9), and where that speaks
  /// against it, against the notes in memory. A page that reads as zeros may be lost.
  ///
  /// - Parameter scene: the memory as the crashed kernel addressed it, and what is in it.
  mutating func judge(in scene: Scene) throws(ReadError) {
    guard let information = system.vmCoreInfo else { return }
    var other: String?
    var isRefuted = false
    var doubt = information.fault
    if let kernel = system.kernel, case .contradicted(let place, _) = try kernel.presence(),
      let range = Range(start: place, length: UInt64(UTSName.size)),
      try !system.memory.isZero(range)
    {
      isRefuted = true
      other = try kernel.systemName()?.release
      doubt = "at \(place.hex) is \(other.map { "the name of kernel \($0)" } ?? "no kernel's name")"
    }
    guard let doubt else { return }
    let view = ImageView(given: try scene.searchedImage())
    let search = try VMCoreInfoSearch(try scene.evidence(), in: view)
    let text: Message = "the VMCOREINFO of the dump is wrong: \(doubt)"
    if search.found.contains(where: { $0.kernel.information != information }) {
      refutation = text
    } else if other != nil {
      contradiction =
        "\(text), and no other is in its memory; "
        + "\(.isRebuilding) with \(.vmcoreinfo) takes one from a file"
    } else if isRefuted || VMCoreInfo.fault(ofText: information.text) != nil {
      system.warnings.append(
        Finding("\(text), and no other is in its memory: it is kept as it is", isPartial: true))
    }
  }

  /// A dump that nothing in its memory can better; others are searched first.
  static let step = SystemFinder.Step { scene, _ throws(ReadError) in
    guard let dump = try scene.keptDump() else { return .absent(nil) }
    if !dump.isWhole, dump.isOfProcess {
      return .corrupt(
        .corrupt("is the core of a process (it has a note NT_AUXV), expected that of a kernel"))
    }
    if let contradiction = dump.contradiction { return .corrupt(.corrupt(contradiction)) }
    return dump.isWhole && !dump.isMadeByHypervisor ? .found(dump.system) : .absent(nil)
  }

  /// The dump all the same, where its memory was searched and holds no other header.
  static let fallback = SystemFinder.Step(isFallback: true) { scene, failure throws(ReadError) in
    guard let dump = try scene.keptDump(), dump.refutation == nil, dump.contradiction == nil,
      let failure
    else {
      return .absent(nil)
    }
    switch failure {
    case .read, .cancelled: return .absent(nil)
    case .notFound, .stale: break
    case .ambiguous, .layoutOpen, .corrupt, .digestDiffers: if !dump.isWhole { return .absent(nil) }
    }
    if !dump.isWhole,
      let refusal = try Encryption.refusal(of: scene.image.memory, dump.system.kernel)
    {
      return .corrupt(refusal)
    }
    return .found(dump.afterAll)
  }

  /// What was found in the memory of this dump, if that is a crash; else the dump itself.
  func better(_ found: CrashedSystem) -> CrashedSystem {
    guard !isWhole || found.moment.phase == .after || isCrash(found) else { return system }
    var found = found
    if let refutation {
      found.warnings.insert(
        Finding("\(refutation): all is made anew from the kernel's own one in its memory"), at: 0)
      return found
    }
    found.warnings.insert(
      Finding(
        "the file is a dump of a machine with a crashed kernel's core header in its memory: "
          + "that kernel's vmcore is made, the notes of the dump are not kept", isDamage: false),
      at: 0)
    return found
  }

  private var afterAll: CrashedSystem {
    var kept = system
    if kept.vmCoreInfo?.crashTime != nil {
      kept.warnings.append(
        Finding(
          "the kernel of the dump has crashed, and its core header is not found in the memory: the "
            + "dump is kept as it is, with the registers that the hypervisor saw "
            + "(\(.isRebuilding) says what was searched)"))
    }
    if !isWhole {
      kept.warnings.append(
        Finding(
          "the dump has no VMCOREINFO note, and no crashed kernel's core header is in its "
            + "memory: it is kept as it is "
            + "(\(.isRebuilding) looks for a kernel's vmcoreinfo, too)"))
    }
    return kept
  }

  /// Whether it is the crash of the kernel that the dump's own VMCOREINFO note tells of. Before the
  /// second kernel has made its own header nothing else tells that it has started, and the crash
  /// path adds CRASHTIME only where it goes on to start it (`kernel/kexec_core.c`).
  private func isCrash(_ found: CrashedSystem) -> Bool {
    found.vmCoreInfo?.crashTime != nil && found.vmCoreInfo == system.vmCoreInfo
  }

  /// No kernel has an auxiliary vector; every process has one.
  private var isOfProcess: Bool {
    system.sections.contains { $0.notes.contains { $0.type == .auxiliaryVector } }
  }

  /// What lies beside the header of a vmcore of s390x, and the block that was put into a note of it.
  private static func handover(
    of image: MemoryImage, _ notes: [Note], in file: PhysicalMemory
  ) throws(ReadError) -> S390Handover? {
    var image = image
    let note = notes.first { $0.type == .reIPLBlock }
    if let note, note.descriptionSize <= largestBlock {
      image.reIPLBlock = try file.bytes(
        at: note.descriptionAddress, count: Int(note.descriptionSize))
    }
    return try S390Handover(atZeroOf: image, layout: nil)
  }

  /// Bytes of a re-IPL block at most: a page.
  private static let largestBlock: UInt64 = 4096

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

  /// Device dumps among the notes can be large.
  private static let largestNotes: UInt64 = 2 << 30

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

extension StoredCore {
  /// Whether a hypervisor saved the registers. On x86 QEMU has notes of its own; elsewhere what
  /// the architecture's own kernels never write tells.
  fileprivate func isMadeByHypervisor(_ notes: [Note]) -> Bool {
    if notes.contains(where: { $0.type == .qemu }) { return true }
    let sign = Architecture.of(header.header.machine)?.hypervisor ?? .floatingPoint
    if sign != .none, notes.contains(where: { $0.type == .floatingPoint }) { return true }
    return sign == .floatingPointOrFlatLoads && hasLoadsInFile
      && header.segments(of: .load).allSatisfy {
        $0.segment.virtualAddress == $0.segment.physicalAddress
      }
  }
}
