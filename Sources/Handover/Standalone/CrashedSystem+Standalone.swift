internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

extension CrashedSystem {
  /// The system of a vmcore without a core header; nil where its table would be too long.
  init?(
    _ parts: StandaloneParts, in view: ImageView, _ reason: String, _ error: SearchError
  ) throws(ReadError) {
    guard let identity = parts.kernel.architecture.identity else { return nil }
    let segments = parts.notes + parts.loads.segments
    guard !parts.sections.isEmpty, segments.count < UInt16.max,
      let header = CoreHeader(
        header: ELFHeader(
          coreFor: identity.machine, elfClass: identity.elfClass, order: identity.order),
        segments: segments)
    else { return nil }
    memory = view.memory
    imageMemory = memory
    layout = view.layout
    headerAddress = nil
    headerRegion = nil
    self.header = header
    sections = parts.sections
    unsoundLoads = LoadCheck(header).unsound
    vmCoreInfo = parts.kernel.information
    vmCoreInfoNote = parts.kernel.note
    architecture = parts.kernel.architecture
    moment = parts.moment
    backup = nil
    producer = Producer(
      kind: .standalone, evidence: "built from vmcoreinfo and \(parts.memory.origin)")
    processors =
      if let s390 = parts.s390 {
        CrashedSystem.processors(of: s390.processors)
      } else {
        try Processor.all(
          in: parts.sections.filter { $0.built == nil }, of: header, architecture: architecture,
          memory: view.memory, information: parts.sections.last?.notes.first)
      }
    mergedHeader = nil
    namedBy = []
    switch error {
    case .notFound(let failure), .ambiguous(let failure):
      locators = failure.locators
      candidates = failure.candidates
    case .corrupt, .digestDiffers, .read, .cancelled:
      locators = []
      candidates = []
    }
    warnings =
      [
        Finding(
          "FALLBACK: \(reason): this is a stand-alone dump of all memory "
            + "(\(parts.memory.origin)), not what a second kernel would have offered")
      ] + parts.warnings
    s390 = parts.s390
    stored = nil
  }
}
