internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// The notes of each CPU, found without a core header.
struct StandaloneNotes {
  /// PT_NOTEs, one for each CPU that has notes.
  private(set) var segments: [ProgramHeader] = []

  /// `crash_save_cpu` writes a note into the area of each CPU (`kernel/crash_core.c`).
  init(_ kernel: Kernel) throws(ReadError) {
    guard let places = try PerCPUNotes(kernel) else { return }
    let memory = try kernel.memory()
    let size = StandaloneNotes.size(kernel.architecture)
    var seen: Set<UInt64> = []
    for cpu in 0..<(places.count ?? 1) {
      guard let place = try places.virtualAddress(of: cpu),
        case .at(let physical, _) = try memory.translate(place),
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
