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
    let found = try StandaloneParts.registers(of: kernel, symbols.found, s390, in: view.memory)
    var sections = found.sections
    warnings += found.warnings
    if let section = try StandaloneParts.information(
      kernel, kernel.architecture.order, at: sections.count, view.memory)
    {
      sections.append(section)
    }
    if sections.isEmpty { sections.append(NoteSection(built: [], at: 0, notes: [])) }
    notes =
      found.notes
      + sections[found.notes.count...].map { section in
        ProgramHeader(
          type: .note, offset: section.address, physicalAddress: section.address,
          fileSize: section.limit, memorySize: section.limit)
      }
    self.sections = sections
    moment = try StandaloneParts.moment(kernel)
  }

  /// What the CPUs left: the PT_NOTEs of those whose notes lie in memory, with a section for each.
  private static func registers(
    of kernel: StandaloneKernel, _ symbols: KernelSymbols?, _ s390: S390Handover?,
    in memory: PhysicalMemory
  ) throws(ReadError) -> (
    notes: [ProgramHeader], sections: [NoteSection], warnings: [Finding]
  ) {
    if let s390 {
      // The registers are in each CPU's lowcore, and one list holds all notes.
      let bytes = S390Notes(s390.processors.saved, information: kernel.information).bytes
      return ([], [NoteSection(built: bytes, at: 0, notes: [])], s390.processors.warnings)
    }
    var notes: [ProgramHeader] = []
    if let kernel = kernel.kernel, symbols != nil { notes = try StandaloneNotes(kernel).segments }
    var sections: [NoteSection] = []
    for (index, note) in notes.enumerated() {
      sections.append(
        try NoteSection(of: note, at: index, order: kernel.architecture.order, in: memory))
    }
    let warning = Finding(
      "no CPU's registers are known: the vmcore has no CPU notes", isDamage: false)
    return (notes, sections, sections.isEmpty ? [warning] : [])
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
