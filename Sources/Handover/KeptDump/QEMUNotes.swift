internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// CPU notes that are made of QEMU's own, where a dump has no others: readers of vmcores know
/// NT_PRSTATUS alone.
struct QEMUNotes {
  /// The notes, which are in no file.
  let section: NoteSection
  /// What they say.
  let processors: [Processor]

  /// nil where there is nothing to be made of, or no need to.
  init?(
    _ notes: [Note], _ architecture: Architecture?, in file: PhysicalMemory
  ) throws(ReadError) {
    guard let architecture, !notes.contains(where: { $0.type == .processStatus }) else {
      return nil
    }
    var builder = NoteBuilder(order: QEMUProcessor.order)
    var processors: [Processor] = []
    for note in notes where note.type == .qemu && processors.count < Processor.limit {
      let description = try file.paddedBytes(
        at: note.descriptionAddress, count: Int(min(note.descriptionSize, 4096)))
      var reader = ByteReader(description.bytes, order: QEMUProcessor.order)
      guard let state = try? QEMUProcessor(from: &reader) else { continue }
      let status = state.processStatus(
        number: processors.count, wordSize: architecture.wordSize)
      builder.add(.processStatus, status)
      processors.append(
        Processor(
          number: processors.count, index: 0, address: note.address, isEmpty: false,
          state: ProcessorState(status, architecture: architecture, order: QEMUProcessor.order)))
    }
    guard !processors.isEmpty else { return nil }
    section = NoteSection(built: builder.bytes, at: 0, notes: [])
    self.processors = processors
  }
}
