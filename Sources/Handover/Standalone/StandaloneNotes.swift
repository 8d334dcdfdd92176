internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// The notes of each CPU, found without a core header: `crash_notes` through the per-CPU areas.
struct StandaloneNotes {
  /// PT_NOTEs, one for each CPU that has notes.
  private(set) var segments: [ProgramHeader] = []

  /// CPUs that are looked at: no kernel is built for more.
  private static let limit: UInt32 = 8192

  /// `crash_save_cpu` writes a note into the area of each CPU (`kernel/crash_core.c`).
  init(_ kernel: Kernel) throws(ReadError) {
    guard let symbols = try kernel.symbols().value else { return }
    let memory = try kernel.memory()
    let places = try symbols.addresses(of: ["crash_notes", "__per_cpu_offset", "nr_cpu_ids"])
    guard let variable = places["crash_notes"],
      let base = try memory.pointer(at: variable).value, base != 0
    else { return }
    var count: UInt32 = 1
    if let place = places["nr_cpu_ids"], let number = try memory.read(UInt32.self, at: place).value
    {
      count = min(number, StandaloneNotes.limit)
    }
    let offsets = places["__per_cpu_offset"]
    let size = StandaloneNotes.size(kernel.architecture)
    var seen: Set<UInt64> = []
    for index in 0..<UInt64(count) {
      var place = base
      if let offsets {
        guard
          let offset = try memory.pointer(
            at: offsets &+ index &* UInt64(memory.wordSize)
          ).value
        else { continue }
        place = base &+ offset
      }
      guard case .at(let physical, _) = try memory.translate(place),
        seen.insert(physical).inserted, try isNote(at: place, memory)
      else { continue }
      segments.append(
        ProgramHeader(
          type: .note, offset: physical, physicalAddress: physical, fileSize: size,
          memorySize: size))
    }
  }

  /// Size of `note_buf_t`: two note heads, a name and `struct elf_prstatus`
  /// (`include/linux/crash_core.h`).
  private static func size(_ architecture: Architecture) -> UInt64 {
    UInt64(architecture.identity.statusSize) + 32
  }

  /// Areas that are still empty have nothing to tell.
  private func isNote(at address: UInt64, _ memory: VirtualMemory) throws(ReadError) -> Bool {
    let name = Array("CORE".utf8)
    guard let bytes = try memory.read(at: address, count: NoteHeader.size + 8).value else {
      return false
    }
    var reader = ByteReader(bytes, order: memory.order)
    guard let header = try? NoteHeader(from: &reader) else { return false }
    return header.nameSize == 5 && header.type == NoteType.processStatus.type
      && bytes[NoteHeader.size...].starts(with: name)
  }
}
