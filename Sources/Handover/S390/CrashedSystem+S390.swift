internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

extension CrashedSystem {
  /// The system of an s390x kernel with a header that is built.
  init(
    _ kernel: S390Handover, header: CoreHeader, notes: [UInt8], image: MemoryImage,
    moment: Moment, evidence: String, warnings: [Finding]
  ) {
    memory = kernel.memory
    imageMemory = memory
    layout = image.layout
    headerAddress = nil
    headerRegion = nil
    self.header = header
    sections = [NoteSection(built: notes, at: 0, notes: [])]
    unsoundLoads = LoadCheck(header).unsound
    vmCoreInfo = kernel.information.information
    vmCoreInfoNote = kernel.information.note
    architecture = .s390x
    self.moment = moment
    backup = nil
    producer = Producer(
      kind: .secondKernel,
      evidence: "an s390x kernel builds it from lowcores, os_info and vmcoreinfo")
    processors = CrashedSystem.processors(of: kernel.processors)
    mergedHeader = nil
    namedBy = []
    locators = [LocatorReport(.lowcore, .built(evidence))]
    candidates = []
    self.warnings = warnings + kernel.information.warnings + kernel.processors.warnings
    s390 = kernel
    stored = nil
  }

  /// The CPUs, those without registers last.
  static func processors(of list: S390Processors) -> [Processor] {
    let saved = list.saved.enumerated().map { index, processor in
      Processor(
        number: processor.number, index: 0, address: processor.lowcore, isEmpty: false,
        state: ProcessorState(
          S390Notes.status(of: processor.registers, index: index), architecture: .s390x,
          order: .big))
    }
    return saved
      + list.unsaved.map {
        Processor(number: $0.number, index: 0, address: $0.lowcore, isEmpty: true, state: nil)
      }
  }
}
