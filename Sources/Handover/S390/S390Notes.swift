internal import Bytes
internal import CrashedKernel
internal import DumpRecords

/// The notes that the second kernel writes into its header (`notes_init`,
/// `arch/s390/kernel/crash_dump.c`): PRPSINFO, each CPU, VMCOREINFO. The empty note at the end is
/// left out, as `/proc/vmcore` leaves it out.
struct S390Notes {
  private var builder = NoteBuilder(order: .big)
  private let style: S390NoteStyle

  /// Size of `struct elf_prpsinfo`, of `struct elf_prstatus` and of its `pr_pid`'s offset.
  private enum Layout {
    static let informationSize = 136
    static let stateOffset = 1  // pr_sname
    static let nameOffset = 40  // pr_fname
    static let statusSize = 336
    static let processOffset = 32  // pr_pid
    static let registersOffset = 112  // pr_reg
  }

  /// The list; its bytes have no terminator.
  var bytes: [UInt8] { builder.bytes }

  init(_ processors: [S390Processor], information: VMCoreInfo?) {
    style = S390NoteStyle(information?.release.flatMap(KernelRelease.init))
    addInformation()
    for (index, processor) in processors.enumerated() { add(processor, index: index) }
    if let information { builder.add(.vmCoreInfo, information.text) }
  }

  private mutating func addInformation() {
    var description = [UInt8](repeating: 0, count: Layout.informationSize)
    description[Layout.stateOffset] = UInt8(ascii: "R")
    let name = Array("vmlinux".utf8)
    description.replaceSubrange(Layout.nameOffset..<Layout.nameOffset + name.count, with: name)
    builder.add(.processInformation, description)
  }

  /// `fill_cpu_elf_notes`
  private mutating func add(_ processor: S390Processor, index: Int) {
    let registers = processor.registers
    builder.add(.processStatus, S390Notes.status(of: registers, index: index))
    builder.add(
      .floatingPoint,
      registers[.floatingPointControl] + [0, 0, 0, 0] + registers[.floatingPointRegisters])
    add(.s390Timer, registers[.timer])
    add(.s390ClockComparator, registers[.clockComparator])
    let tod =
      style.todRegisterSize == 8
      ? registers[.todProgrammableRegister] + registers[.timer].prefix(4)
      : registers[.todProgrammableRegister]
    add(.s390TODRegister, tod)
    add(.s390ControlRegisters, registers[.controlRegisters])
    add(.s390Prefix, registers[.prefix])
    guard let vectors = processor.vectors else { return }
    for type in style.vectorNotes {
      add(type, type == .s390VectorHigh ? vectors[256...] : S390Notes.low(of: vectors)[...])
    }
  }

  private mutating func add(_ type: NoteType, _ description: ArraySlice<UInt8>) {
    builder.add(
      style.namesLinux ? type : NoteType(name: "CORE", type: type.type), description)
  }

  /// `struct elf_prstatus`: `pr_pid` is a running number from 1 on, no process.
  static func status(of registers: SaveArea, index: Int) -> [UInt8] {
    var writer = ByteWriter(order: .big, capacity: Layout.statusSize)
    writer.pad(to: Layout.processOffset)
    writer.write(UInt32(truncatingIfNeeded: index + 1))
    writer.pad(to: Layout.registersOffset)
    writer.write(contentsOf: registers[.programStatusWord])
    writer.write(contentsOf: registers[.generalRegisters])
    writer.write(contentsOf: registers[.accessRegisters])
    writer.pad(to: Layout.statusSize)
    return writer.bytes
  }

  /// The halves of vector registers 0 to 15 that are no floating point register.
  private static func low(of vectors: [UInt8]) -> [UInt8] {
    (0..<16).flatMap { vectors[16 * $0 + 8..<16 * $0 + 16] }
  }
}
