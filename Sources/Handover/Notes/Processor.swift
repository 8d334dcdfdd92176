internal import Bytes
package import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// One CPU of the crashed machine, as its PT_NOTE shows it.
package struct Processor: Equatable, Sendable {
  /// Place among the PT_NOTEs that are CPUs. With kexec-tools, CPUs without a `crash_notes` file
  /// have no PT_NOTE, so this is the kernel's number only where none is missing.
  package var number: Int
  /// Place of the PT_NOTE in the program header table.
  package var index: Int
  /// Physical address of its notes.
  package var address: UInt64
  /// Whether the section holds no note at all.
  package var isEmpty: Bool
  /// Whether the image holds the memory of its notes; where it does not, nothing is known of them.
  package var isHeld = true
  /// Its registers, where they were saved and the architecture is known.
  package var state: ProcessorState?

  /// Processors whose registers are read at most: more than any kernel supports.
  static let limit = 16_384

  /// Every PT_NOTE with bytes but the one that holds the VMCOREINFO note. Of a firmware-assisted
  /// dump all CPUs are in one (`fadump_update_elfcore_header`).
  static func all(
    in sections: [NoteSection], of header: CoreHeader, architecture: Architecture?,
    memory: PhysicalMemory, information: Note?
  ) throws(ReadError) -> [Processor] {
    var processors: [Processor] = []
    let held = memory.present
    for section in sections.prefix(limit) {
      if section.limit == 0, section.built == nil { continue }
      var notes = section.notes
      if section.count > notes.count, header.segments.indices.contains(section.index) {
        notes = try NoteSection(
          of: header.segments[section.index], at: section.index, order: header.order, in: memory,
          keptNotes: limit
        ).notes
      }
      let all = notes.filter { $0.type == .processStatus }
      if all.isEmpty, isOfInformation(section, information) { continue }
      let isHeld = Range(start: section.address, length: section.limit).map(held.covers) ?? false
      for note in all.count > 1 ? all.map(Optional.some) : [all.first]
      where processors.count < limit {
        processors.append(
          Processor(
            number: processors.count, index: section.index,
            address: all.count > 1 ? note?.address ?? section.address : section.address,
            isEmpty: section.isEmpty, isHeld: isHeld,
            state: try state(note, header.order, architecture, memory)))
      }
    }
    return processors
  }

  /// Whether a section is that of vmcoreinfo: by its note, or by its size where no such note stands
  /// in any.
  private static func isOfInformation(_ section: NoteSection, _ information: Note?) -> Bool {
    guard let information else { return section.notes.isEmpty && section.isAsLargeAsInformation }
    return section.notes.contains(information)
  }

  private static func state(
    _ note: Note?, _ order: ByteOrder, _ architecture: Architecture?, _ memory: PhysicalMemory
  ) throws(ReadError) -> ProcessorState? {
    guard let architecture, let note else { return nil }
    let description = try memory.paddedBytes(
      at: note.descriptionAddress, count: Int(min(note.descriptionSize, 4096)))
    return ProcessorState(description.bytes, architecture: architecture, order: order)
  }
}
