internal import Bytes
internal import DumpRecords

/// The ELF core header that stands for the headers of a kdump-compressed file: its notes, and a
/// load for each stretch of memory. What the format does not keep is the virtual address of a
/// load: the physical one takes its place, as in QEMU's dumps.
struct KdumpCore {
  let stored: StoredCore
  let warnings: [Finding]

  /// The header of a file whose memory is `ranges`.
  init(
    of file: KdumpFile, loads ranges: [Range<UInt64>], missing: [Range<UInt64>]
  ) throws(ImageError) {
    let notes = try KdumpNotes(file)
    let (machine, machineWarning) = notes.machine()
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

  /// `e_machine` for what `uname -m` printed; QEMU writes capitals, and "Unknown" for a machine
  /// whose name it does not define (`ELF_MACHINE_UNAME`: arm64, riscv64).
  func machine() -> (machine: ELFMachine, warning: Finding?) {
    let name = file.header.systemName.machine.lowercased()
    let machines: [(prefix: String, machine: ELFMachine)] = [
      ("x86_64", .x86_64), ("aarch64", .aarch64), ("arm", .arm), ("ppc64", .ppc64),
      ("ppc", .ppc), ("s390", .s390), ("riscv", .riscv), ("mips", .mips),
      ("loongarch", .loongArch), ("ia64", .ia64),
    ]
    if let found = machines.first(where: { name.hasPrefix($0.prefix) }) {
      return (found.machine, nil)
    }
    if name.count == 4, name.hasPrefix("i"), name.hasSuffix("86") { return (.i386, nil) }
    if file.layout.wordSize == 8, let found = machineOfRegisters() { return (found, nil) }
    return (
      ELFMachine(rawValue: 0),
      Finding("the machine '\(name)' of the dump's header is not known: e_machine is 0")
    )
  }

  /// The machine that has an `elf_prstatus` of the size of the first note: 112 bytes, the general
  /// registers (arm64: 34, riscv64: 32), and 8 bytes.
  private func machineOfRegisters() -> ELFMachine? {
    guard let bytes = try? source.bytes(at: range.lowerBound, count: NoteHeader.size + 5),
      bytes.count > NoteHeader.size, bytes.dropFirst(NoteHeader.size).elementsEqual("CORE\0".utf8)
    else { return nil }
    var reader = ByteReader(bytes, order: file.order)
    guard let note = try? NoteHeader(from: &reader), note.type == NoteType.processStatus.type
    else { return nil }
    switch note.descriptionSize {
    case 392: return .aarch64
    case 376: return .riscv
    default: return nil
    }
  }
}
