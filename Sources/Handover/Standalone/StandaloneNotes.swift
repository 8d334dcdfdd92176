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
  init(_ symbols: KernelSymbols, _ architecture: Architecture) throws(ReadError) {
    let kernel = symbols.kernel
    guard let size = architecture.crashNoteSize else { return }
    let places = try symbols.addresses(of: ["crash_notes", "__per_cpu_offset", "nr_cpu_ids"])
    guard let variable = places["crash_notes"], let base = try kernel.word(at: variable),
      base != 0
    else { return }
    var count: UInt32 = 1
    if let place = places["nr_cpu_ids"], let number = try kernel.number(at: place) {
      count = min(number, StandaloneNotes.limit)
    }
    let offsets = places["__per_cpu_offset"]
    var seen: Set<UInt64> = []
    for index in 0..<UInt64(count) {
      var place = base
      if let offsets {
        guard let offset = try kernel.word(at: offsets &+ index &* UInt64(kernel.wordSize))
        else { continue }
        place = base &+ offset
      }
      guard let physical = kernel.translation.physical(place), seen.insert(physical).inserted,
        try isNote(at: physical, kernel)
      else { continue }
      segments.append(
        ProgramHeader(
          type: .note, offset: physical, physicalAddress: physical, fileSize: size,
          memorySize: size))
    }
  }

  /// Areas that are still empty have nothing to tell.
  private func isNote(at address: UInt64, _ kernel: KernelMemory) throws(ReadError) -> Bool {
    guard let bytes = try kernel.memory.bytes(at: address, count: 20) else { return false }
    var reader = ByteReader(bytes, order: kernel.order)
    guard let header = try? NoteHeader(from: &reader) else { return false }
    return header.nameSize == 5 && header.type == NoteType.processStatus.type
      && bytes[12...].starts(with: Array("CORE".utf8))
  }
}

extension Architecture {
  /// Size of `note_buf_t`: two note heads, a name and `struct elf_prstatus`
  /// (`include/linux/crash_core.h`, `arch/*/include/asm/elf.h`).
  var crashNoteSize: UInt64? {
    let status: UInt64? =
      switch name {
      case "x86_64", "s390x": 336
      case "i386": 144
      case "aarch64": 392
      case "arm": 148
      case "ppc64", "ppc64le": 504
      case "riscv64": 376
      case "loongarch64", "mips64", "mips64el": 480
      case "mips", "mipsel": 256
      default: nil
      }
    return status.map { $0 + 32 }
  }

  /// `e_machine` of the architecture's core files, with class and byte order.
  var identity: (machine: ELFMachine, elfClass: ELFClass, order: ByteOrder)? {
    let machines: [ELFMachine] = [
      .i386, .mips, .ppc64, .s390, .arm, .x86_64, .aarch64, .riscv, .loongArch,
    ]
    let native: ELFClass = wordSize == 8 ? .bits64 : .bits32
    for machine in machines {
      for order in ByteOrder.allCases where matches(machine, native, order) {
        return (machine, native, order)
      }
    }
    return nil
  }
}
