internal import Bytes
internal import DumpRecords

/// The ELF core header that stands for the headers of a kdump-compressed file: its notes, and a
/// load for each stretch of memory. What the format does not keep is the virtual address of a
/// load: the physical one takes its place, as in QEMU's dumps.
struct KdumpCore {
  let stored: StoredCore
  let warnings: [Finding]

  /// The header of a file whose memory is `ranges`, of one of the machines.
  init(
    of file: KdumpFile, loads ranges: [Range<UInt64>], missing: [Range<UInt64>],
    _ machines: [MachineIdentity]
  ) throws(ImageError) {
    let notes = try KdumpNotes(file)
    let (machine, machineWarning) = notes.machine(among: machines)
    let isWide = file.layout.wordSize == 8 || ranges.last?.upperBound ?? 0 > 1 << 32
    let header = ELFHeader(
      coreFor: machine, elfClass: isWide ? .bits64 : .bits32, order: file.order)
    let size = notes.range.length
    let note = ProgramHeader(
      type: .note, offset: notes.range.lowerBound, fileSize: size, memorySize: size)
    let loads = ranges.map {
      ProgramHeader(
        type: .load, flags: 7, offset: $0.lowerBound, virtualAddress: $0.lowerBound,
        physicalAddress: $0.lowerBound, fileSize: $0.length, memorySize: $0.length)
    }
    guard let core = CoreHeader(header: header, segments: [note] + loads) else {
      throw ImageError(.unusable, "\(file.source.name): no class and byte order")
    }
    stored = StoredCore(
      header: core, file: notes.source, hasLoadsInFile: false, isWellPlaced: false,
      missing: missing, machine: StoredMachine(file))
    warnings = [notes.warning, machineWarning].compactMap(\.self)
  }
}

/// The notes of a kdump-compressed file, and whose they are.
private struct KdumpNotes {
  /// What they stand in, and where.
  let source: any ByteSource
  let range: Range<UInt64>
  let warning: Finding?
  private let file: KdumpFile

  /// The notes as they stand in the file; before version 4 it has only the text of one of them.
  init(_ file: KdumpFile) throws(ImageError) {
    self.file = file
    let sub = file.subHeader
    if sub.noteSize > 0, let range = Range(start: sub.noteOffset, length: sub.noteSize) {
      self.range = range
      source = file.source
      warning = nil
      return
    }
    var builder = NoteBuilder(order: file.order)
    if sub.infoSize > 0 {
      let count = Int(min(sub.infoSize, UInt64(VMCoreInfo.largestText)))
      let text = try rethrow(
        as: ImageError.init(reading:), file.source.bytes(at: sub.infoOffset, count: count))
      builder.add(.vmCoreInfo, text)
    }
    warning =
      sub.infoSize > 0
      ? nil : Finding("the dump has no notes: its CPUs' registers are not known")
    source = ByteArraySource(builder.bytes, name: file.source.name)
    range = 0..<UInt64(builder.bytes.count)
  }

  /// Machines that have a name here and nothing else.
  private static let others: [(family: NamePattern, machine: ELFMachine)] = [
    ("ppc*", .ppc), ("ia64*", .ia64),
  ]

  /// `e_machine` for what `uname -m` printed; QEMU writes capitals, and "Unknown" for a machine
  /// whose name it does not define (`ELF_MACHINE_UNAME`: arm64, riscv64).
  func machine(
    among machines: [MachineIdentity]
  ) -> (machine: ELFMachine, warning: Finding?) {
    let name = file.header.systemName.machine.lowercased()
    if let found = machines.first(where: { $0.family.matches(name) })?.machines.first
      ?? KdumpNotes.others.first(where: { $0.family.matches(name) })?.machine
      ?? machineOfRegisters(among: machines)
    {
      return (found, nil)
    }
    return (
      ELFMachine(rawValue: 0),
      Finding("the machine '\(name)' of the dump's header is not known: e_machine is 0")
    )
  }

  /// The only machine that has an `elf_prstatus` of the size of the first note.
  private func machineOfRegisters(among machines: [MachineIdentity]) -> ELFMachine? {
    guard file.layout.wordSize == 8,
      let bytes = try? source.bytes(at: range.lowerBound, count: NoteHeader.size + 5),
      bytes.count > NoteHeader.size, bytes.dropFirst(NoteHeader.size).elementsEqual("CORE\0".utf8)
    else { return nil }
    var reader = ByteReader(bytes, order: file.order)
    guard let note = try? NoteHeader(from: &reader), note.type == NoteType.processStatus.type
    else { return nil }
    let fitting = machines.filter {
      $0.wordSize == 8 && $0.order == file.order && $0.statusSize == note.descriptionSize
    }.compactMap(\.machines.first)
    return Set(fitting).count == 1 ? fitting.first : nil
  }
}
