internal import Bytes
internal import CoreWriting
internal import CrashedKernel
internal import DumpRecords
internal import Handover
internal import MemoryImages

extension CrashReport {
  init(_ image: MemoryImage, _ system: CrashedSystem, _ plan: CorePlan, readsLog: Bool) {
    self.image = Image(
      name: image.name, format: image.format, layout: system.layout.name,
      isLayoutFound: image.layoutIsOpen && !system.layout.isIdentity
        && !image.toldLayouts.prefix(1).contains(system.layout),
      size: image.memory.size, notices: image.notices)
    self.system = System(system, plan)
    header = Header(system)
    vmcore = Core(plan)
    s390 = system.s390.map(S390.init)
    log = readsLog ? system.kernel.flatMap(Log.init) : nil
    locators = system.locators.map(Locator.init)
    candidates = system.candidates.map {
      Candidate(address: $0.address, rejection: $0.rejection?.text, namedBy: $0.namedBy)
    }
    let findings = plan.warnings + image.unreadableFindings
    warnings = findings.map { Message($0.message) }
    isPartial = findings.contains(where: \.isPartial)
    holdsMemory = plan.holdsMemory
  }
}

extension CrashReport.System {
  /// Keys that tell readers of a dump how to translate addresses, and what crashed.
  private static let mainKeys = [
    "OSRELEASE", "BUILD-ID", "PAGESIZE", "CRASHTIME", "KERNELOFFSET", "NUMBER(phys_base)",
    "NUMBER(kimage_voffset)", "NUMBER(VA_BITS)", "NUMBER(PHYS_OFFSET)",
    "NUMBER(va_kernel_pa_offset)",
    "NUMBER(phys_ram_base)", "NUMBER(sme_mask)", "SYMBOL(init_uts_ns)", "SYMBOL(swapper_pg_dir)",
    "SYMBOL(_stext)", "SYMBOL(lowcore_ptr)",
  ]

  init(_ system: CrashedSystem, _ plan: CorePlan) {
    let information = system.vmCoreInfo
    architecture = system.architecture.map(Architecture.init)
    machine = system.header.header.machine.rawValue
    bits = system.header.elfClass.bits
    byteOrder = CrashReport.ByteOrder(system.header.order)
    pageSize = plan.pageSize
    release = system.linuxInformation?.release
    buildID = information?["BUILD-ID"]
    crashTime = information?.crashTime
    moment = CrashReport.Moment(system.moment.phase)
    momentEvidence = Message(system.moment.evidence)
    processors = system.processors.map { processor in
      CrashReport.Processor(
        number: processor.number, noteAddress: processor.address,
        registers: processor.state.map {
          CrashReport.Registers(
            processIdentifier: $0.processIdentifier, programCounter: $0.programCounter,
            stackPointer: $0.stackPointer)
        })
    }
    vmcoreinfo = Self.mainKeys.compactMap { key in
      information?[key].map { CrashReport.Field(name: key, value: $0) }
    }
  }
}

extension CrashReport.Header {
  init(_ system: CrashedSystem) {
    address = system.headerAddress
    let size = system.headerRegion?.length
    regionSize = size
    region = system.headerAddress.map { ELFCoreHeaderParameter(address: $0, size: size).text }
    isKept = system.stored != nil
    producer = CrashReport.Producer(system.producer.kind)
    producerEvidence = Message(system.producer.evidence)
    namedBy = system.namedBy.map(\.by)
    backup = system.backup.map { backup in
      "PT_LOAD \(backup.index): \(backup.source.hex) is read "
        + (backup.isStillAtSource
          ? "there, its backup \(backup.copy.hex) is not filled yet"
          : "from its backup \(backup.copy.hex)")
    }
  }
}

extension CrashReport.Core {
  init(_ plan: CorePlan) {
    size = plan.size
    compatibility = Compatibility(plan.compatibility)
    noteSize = plan.header.segments.first?.memorySize ?? 0
    loads = plan.header.segments(of: .load).map { _, load in
      CrashReport.Load(
        offset: load.offset, virtualAddress: load.virtualAddress,
        physicalAddress: load.physicalAddress, size: load.memorySize)
    }
    missing = plan.missing
  }
}

extension CrashReport.Locator {
  init(_ report: LocatorReport) {
    name = report.locator.rawValue
    switch report.answer {
    case .absent(let why):
      answer = .absent
      detail = why
    case .found(let parameter, let by):
      answer = .found
      detail = "\(parameter.text) (\(by))"
    case .built(let evidence):
      answer = .found
      detail = evidence
    case .corrupt(let why):
      answer = .corrupt
      detail = why
    }
  }
}

extension CrashReport.Log {
  /// The end of a kernel by its log; nil where that cannot be read.
  init?(_ kernel: Kernel) {
    guard var log = try? CrashedKernel.KernelLog.read(kernel).value,
      let verdict = try? LogVerdict(&log)
    else { return nil }
    form = KernelLog.Form(log.form)
    panic = verdict.panic
    oops = verdict.oops
    cause = verdict.cause
    taint = verdict.taint
    isDamaged = log.damage.count > 0
  }
}

extension CrashReport.ByteOrder {
  init(_ order: Bytes.ByteOrder) {
    self =
      switch order {
      case .little: .little
      case .big: .big
      }
  }
}

extension CrashReport.Moment {
  init(_ phase: Handover.Moment.Phase) {
    self =
      switch phase {
      case .running: .running
      case .before: .before
      case .after: .after
      case .crashed: .crashed
      case .unknown: .unknown
      }
  }
}

extension CrashReport.Producer {
  init(_ kind: Handover.Producer.Kind) {
    self =
      switch kind {
      case .kexecTools: .kexecTools
      case .kernel: .kernel
      case .secondKernel: .secondKernel
      case .standalone: .standalone
      case .dumpFile: .dumpFile
      case .unknown: .unknown
      }
  }
}
