internal import Bytes
internal import DumpRecords
internal import MemoryImages

/// Makes the crashed system of an s390x image, whose header the second kernel builds itself.
struct S390System {
  private let image: MemoryImage
  private let options: SearchOptions

  init(_ image: MemoryImage, _ options: SearchOptions) {
    self.image = image
    self.options = options
  }

  /// The system with a built header; nil where the image is none of s390x, or a header in memory
  /// is to be used.
  func built() throws(SearchError) -> CrashedSystem? {
    do throws(ReadError) {
      guard options.headerSource != .image, options.coreHeader == nil,
        case .found(let layout) = try S390Detection(in: image.memory, options.moment)
      else { return nil }
      return try system(layout)
    } catch {
      throw .read(error)
    }
  }

  private func system(_ layout: S390Layout) throws(ReadError) -> CrashedSystem {
    let information = try S390VMCoreInfo(
      in: layout.memory, lowcore: layout.lowcoreReader, osInfo: layout.osInfo)
    let processors = try S390Processors(
      in: layout.memory, lowcore: layout.lowcore, information: information.information,
      rule: S390AddressRule(layout.osInfo.page))
    let notes = S390Notes(processors.saved, information: information.information).bytes
    let ranges = S390Header.ranges(of: layout.image, without: layout.crashRegion)
    guard
      let header = S390Header.build(
        loads: ranges, osInfo: layout.osInfo.page, noteSize: notes.count)
    else {
      throw ReadError(
        source: image.name, offset: 0, reason: "more ranges of memory than a header holds")
    }
    return CrashedSystem(
      S390Handover(layout: layout, information: information, processors: processors),
      header: header, notes: notes, image: image)
  }
}

extension CrashedSystem {
  /// The system of an s390x kernel with a header that is built.
  init(_ handover: S390Handover, header: CoreHeader, notes: [UInt8], image: MemoryImage) {
    let layout = handover.layout
    memory = layout.memory
    stored = nil
    self.layout = image.layout
    headerAddress = nil
    headerRegion = nil
    self.header = header
    sections = [NoteSection(built: notes, at: 0, notes: [])]
    unsoundLoads = LoadCheck(header).unsound
    vmCoreInfo = handover.information.information
    vmCoreInfoNote = handover.information.note
    architecture = .s390x
    moment = CrashedSystem.moment(of: handover)
    backup = nil
    producer = Producer(
      kind: .secondKernel,
      evidence: "an s390x kernel builds it from lowcores, os_info and vmcoreinfo")
    processors = CrashedSystem.processors(of: handover)
    mergedHeader = nil
    namedBy = []
    locators = [
      LocatorReport(.lowcore, .built(layout.evidence))
    ]
    candidates = []
    warnings = layout.warnings + handover.information.warnings + handover.processors.warnings
    s390 = handover
  }

  private static func moment(of handover: S390Handover) -> Moment {
    let layout = handover.layout
    if layout.isSwapped { return Moment(phase: .after, evidence: layout.evidence) }
    if handover.processors.saved.isEmpty {
      return Moment(
        phase: .running, evidence: "\(layout.evidence); no CPU has saved registers")
    }
    return Moment(phase: .before, evidence: "\(layout.evidence); CPUs have saved registers")
  }

  private static func processors(of handover: S390Handover) -> [Processor] {
    let saved = handover.processors.saved.enumerated().map { index, processor in
      Processor(
        number: processor.number, index: 0, address: processor.lowcore, isEmpty: false,
        state: ProcessorState(
          S390Notes.status(of: processor.registers, index: index), architecture: .s390x,
          order: .big))
    }
    return saved
      + handover.processors.unsaved.map {
        Processor(number: $0.number, index: 0, address: $0.lowcore, isEmpty: true, state: nil)
      }
  }
}
