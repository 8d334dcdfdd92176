internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// What a vmcore without a core header is made of.
struct StandaloneParts {
  let kernel: StandaloneKernel
  let memory: StandaloneMemory
  let loads: StandaloneLoads
  /// One section for each CPU with notes, then VMCOREINFO.
  let sections: [NoteSection]
  /// The PT_NOTEs of the sections.
  let notes: [ProgramHeader]
  let moment: Moment
  /// What an s390x kernel left at its fixed places.
  let s390: S390Handover?
  private(set) var warnings: [Finding]

  /// Collects them under one layout.
  init(
    _ kernel: StandaloneKernel, _ scene: Scene, _ evidence: Evidence, _ view: ImageView
  ) throws(ReadError) {
    self.kernel = kernel
    let symbols = try StandaloneParts.symbols(of: kernel)
    warnings = kernel.warnings + symbols.warnings
    memory = try StandaloneMemory(
      evidence, in: view, scene.options, kernelAt: kernel.place, kernel.kernel)
    loads = StandaloneLoads(
      memory.ranges, try kernel.kernel?.linearMap(), image: try kernel.kernel?.imageRange())
    warnings += loads.warnings
    s390 =
      kernel.architecture.buildsCoreHeader
      ? try S390Handover(atZeroOf: scene.searchedImage().with(view.memory), layout: nil) : nil
    let order = kernel.architecture.identity.order
    var notes: [ProgramHeader] = []
    var sections: [NoteSection] = []
    if let s390 {
      // The registers are in each CPU's lowcore, and one list holds all notes.
      let bytes = S390Notes(s390.processors.saved, information: kernel.information).bytes
      sections = [NoteSection(built: bytes, at: 0, notes: [])]
      warnings += s390.processors.warnings
    } else if let found = kernel.kernel, symbols.found != nil {
      notes = try StandaloneNotes(found).segments
      for (index, note) in notes.enumerated() {
        sections.append(try NoteSection(of: note, at: index, order: order, in: view.memory))
      }
    }
    if sections.isEmpty {
      warnings.append(
        Finding("no CPU's registers are known: the vmcore has no CPU notes", isDamage: false))
    }
    if let section = try StandaloneParts.information(
      kernel, order, at: sections.count, view.memory)
    {
      sections.append(section)
    }
    if sections.isEmpty { sections.append(NoteSection(built: [], at: 0, notes: [])) }
    for section in sections[notes.count...] {
      notes.append(
        ProgramHeader(
          type: .note, offset: section.address, physicalAddress: section.address,
          fileSize: section.limit, memorySize: section.limit))
    }
    self.notes = notes
    self.sections = sections
    moment = try StandaloneParts.moment(kernel)
  }

  private static func symbols(
    of kernel: StandaloneKernel
  ) throws(ReadError) -> (found: KernelSymbols?, warnings: [Finding]) {
    guard kernel.information != nil else { return (nil, []) }
    let answer =
      if let kernel = kernel.kernel {
        try kernel.symbols()
      } else {
        Answer<KernelSymbols>.absent(Kernel.absence)
      }
    switch answer {
    case .found(let symbols): return (symbols, [])
    case .absent(let why), .corrupt(let why):
      return (nil, [Finding("the kernel's symbols: \(why)", isDamage: false)])
    }
  }

  /// The text of vmcoreinfo as a note: where it stands, or from the user.
  private static func information(
    _ kernel: StandaloneKernel, _ order: ByteOrder, at index: Int, _ memory: PhysicalMemory
  ) throws(ReadError) -> NoteSection? {
    guard let information = kernel.information else { return nil }
    if kernel.architecture.buildsCoreHeader { return nil }
    guard let note = kernel.note else {
      var builder = NoteBuilder(order: order)
      builder.add(.vmCoreInfo, information.text)
      return NoteSection(built: builder.bytes, at: index, notes: [])
    }
    let size = (note.descriptionAddress &- note.address) &+ note.descriptionSize
    let segment = ProgramHeader(
      type: .note, offset: note.address, fileSize: size,
      memorySize: size.roundedUp(to: 4) ?? size)
    return try NoteSection(of: segment, at: index, order: order, in: memory)
  }

  /// Without a crash kernel a panic writes no CRASHTIME, but it notes its CPU
  /// (`kernel/panic.c`; -1 while there was none).
  private static func moment(
    _ kernel: StandaloneKernel
  ) throws(ReadError) -> Moment {
    if let time = kernel.information?.crashTime {
      return Moment(phase: .crashed, evidence: "vmcoreinfo has CRASHTIME=\(time)")
    }
    if let kernel = kernel.kernel, let place = try kernel.symbols().value?.address(of: "panic_cpu"),
      let number = try kernel.memory().read(UInt32.self, at: place).value, number != .max
    {
      return Moment(phase: .crashed, evidence: "panic_cpu at \(place.hex) is \(number)")
    }
    return Moment(phase: .running, evidence: "no CRASHTIME in vmcoreinfo, no CPU has panicked")
  }
}
