internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// What is at the fixed places of a machine, if it is one of s390x.
struct S390Machine: Sendable {
  let detection: S390Detection
  /// What the crashed kernel left; nil where the image is none of s390x with a crash region.
  let handover: S390Handover?

  init(_ image: MemoryImage, _ moment: MomentOption) throws(ReadError) {
    detection = try S390Detection(in: image.memory, moment)
    handover =
      if case .found(let layout) = detection {
        try S390Handover(of: layout, in: image)
      } else {
        nil
      }
  }
}

/// Makes the system of an s390x image, whose header the second kernel builds itself.
struct S390System {
  private let scene: Scene
  private let machine: S390Machine
  private var image: MemoryImage { scene.image }

  /// The system with a built header, unless a header in memory is to be used.
  static let step = SystemFinder.Step { scene, _ throws(ReadError) in
    let options = scene.options
    if options.headerSource == .image || options.coreHeader != nil { return .absent(nil) }
    let answer = try S390System(scene: scene, machine: try scene.s390())
      .answer(options.selection)
    if case .found(let system) = answer,
      let refusal = try PurgatoryDigest.refusal(of: system, options)
    {
      return .corrupt(refusal)
    }
    return answer
  }

  private func answer(_ selection: Selection) throws(ReadError) -> SystemFinder.Answer {
    switch selection {
    case .production: try crashed()
    case .kdump: try second()
    case .all: try everything()
    }
  }

  private func crashed() throws(ReadError) -> SystemFinder.Answer {
    guard let handover = machine.handover, let layout = handover.layout else {
      return .absent(nil)
    }
    var warnings = layout.warnings
    if scene.options.headerSource == .automatic, let named = try namedHeader(handover, layout) {
      switch try CoreHeaderSearch(scene, named).system(beside: handover) {
      case .found(let system): return .found(system)
      case .corrupt(let error) where !error.isAbsence: return .corrupt(error)
      case .absent, .corrupt:
        warnings.append(
          Finding(
            "the second kernel's command line names elfcorehdr=\(named.coreHeader?.text ?? ""), "
              + "where no usable core header is: one is built"))
      }
    }
    let endWarnings = try endWarnings(handover)
    return system(
      handover, loads: S390System.loads(of: layout),
      moment: S390System.moment(of: handover, layout), evidence: layout.evidence,
      warnings: warnings + endWarnings)
  }

  /// All memory but the crash region; what lies below that region exists even if the image ends
  /// before it.
  private static func loads(of layout: S390Layout) -> [Range<UInt64>] {
    let ranges = S390Header.ranges(of: layout.image, without: layout.crashRegion)
    let end = layout.image.end.roundedDown(to: 4096)
    guard end < layout.crashRegion.lowerBound else { return ranges }
    return ranges + [end..<layout.crashRegion.lowerBound]
  }

  /// The kernel's `high_memory` tells where memory ends, or where it could end if standby memory
  /// were added: a hint that the image is cut, and no more.
  private func endWarnings(_ kernel: S390Handover) throws(ReadError) -> [Finding] {
    let end = try kernel.value(of: "high_memory").flatMap(kernel.addresses.physical)
    let known = image.memory.end
    guard let end, end > known, end <= PhysicalAddress.end else { return [] }
    return [
      Finding(
        "the kernel's high_memory is \(end.hex), the image ends at \(known.hex): it is cut, or the "
          + "machine has standby memory", isDamage: false)
    ]
  }

  /// Up to Linux 4.3 the second kernel took a header that its command line names: the options
  /// that find it.
  private func namedHeader(
    _ handover: S390Handover, _ layout: S390Layout
  ) throws(ReadError) -> SearchOptions? {
    guard let text = handover.information.information?.release,
      let release = KernelRelease(text), release < KernelRelease(4, 4)
    else { return nil }
    var named = scene.options
    named.coreHeader = try S390System.commandLine(of: layout)
      .flatMap(ELFCoreHeaderParameter.init(commandLine:))
    return named.coreHeader == nil ? nil : named
  }

  private static func commandLine(of layout: S390Layout) throws(ReadError) -> String? {
    let base = layout.isSwapped ? 0 : layout.crashRegion.lowerBound
    guard let address = base.adding(S390ParameterArea.commandLineAddress),
      let bytes = try layout.image.bytes(at: address, count: S390ParameterArea.commandLineSize)
    else { return nil }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// The second kernel's own memory, once it runs.
  private func second() throws(ReadError) -> SystemFinder.Answer {
    guard let layout = machine.handover?.layout else { return .absent(nil) }
    guard layout.isSwapped else {
      return .corrupt(
        .corrupt("\(.selection)=kdump: the second kernel has not started: \(layout.evidence)"))
    }
    return try atZero(layout, loads: [0..<layout.crashRegion.length])
  }

  /// Everything as it lies, with the notes of the kernel at absolute 0.
  private func everything() throws(ReadError) -> SystemFinder.Answer {
    if case .none = machine.detection { return .absent(nil) }
    return try atZero(
      machine.handover?.layout, loads: S390Header.ranges(of: image.memory, without: nil))
  }

  private func atZero(
    _ layout: S390Layout?, loads: [Range<UInt64>]
  ) throws(ReadError) -> SystemFinder.Answer {
    guard let kernel = try S390Handover(atZeroOf: image, layout: layout) else {
      return .absent(nil)
    }
    let evidence = layout?.evidence ?? "the kernel at absolute 0"
    let moment =
      if let handover = machine.handover, let layout {
        S390System.moment(of: handover, layout)
      } else {
        Moment(phase: .running, evidence: "\(evidence)")
      }
    return system(kernel, loads: loads, moment: moment, evidence: evidence, warnings: [])
  }

  private func system(
    _ left: S390Handover, loads: [Range<UInt64>], moment: Moment, evidence: String,
    warnings: [Finding]
  ) -> SystemFinder.Answer {
    let information = left.information.information
    let notes = S390Notes(left.processors.saved, information: information).bytes
    guard
      let header = S390Header.build(
        loads: loads, osInfo: left.osInfo.page, noteSize: notes.count)
    else {
      return .corrupt(
        .corrupt("\(loads.count) ranges of memory, expected at most 65534 for a core header"))
    }
    return .found(
      CrashedSystem(
        memory: left.memory, imageMemory: left.memory, layout: image.layout, header: header,
        sections: [NoteSection(built: notes, at: 0, notes: [])],
        unsoundLoads: LoadCheck(header).unsound, vmCoreInfo: information,
        vmCoreInfoNote: left.information.note, architecture: .s390x, kernel: left.kernel,
        moment: moment,
        producer: Producer(
          kind: .secondKernel,
          evidence: "an s390x kernel builds it from lowcores, os_info and vmcoreinfo"),
        processors: left.processors.described,
        locators: [LocatorReport(.lowcore, .built(evidence))],
        warnings: warnings + left.information.warnings + left.processors.warnings, s390: left))
  }

  private static func moment(of handover: S390Handover, _ layout: S390Layout) -> Moment {
    if layout.isSwapped { return Moment(phase: .after, evidence: "\(layout.evidence)") }
    if !handover.processors.saved.isEmpty {
      return Moment(phase: .before, evidence: "\(layout.evidence); CPUs have saved registers")
    }
    if let time = handover.information.information?.crashTime {
      return Moment(phase: .before, evidence: "\(layout.evidence); CRASHTIME=\(time)")
    }
    return Moment(phase: .running, evidence: "\(layout.evidence); no CPU has saved registers")
  }
}

extension S390Processors {
  /// The CPUs as every architecture's are described, those without registers last.
  var described: [Processor] {
    saved.enumerated().map { index, processor in
      Processor(
        number: processor.number, index: 0, address: processor.lowcore, isEmpty: false,
        state: ProcessorState(
          S390Notes.status(of: processor.registers, index: index), architecture: .s390x,
          order: .big))
    }
      + unsaved.map {
        Processor(number: $0.number, index: 0, address: $0.lowcore, isEmpty: true, state: nil)
      }
  }
}
