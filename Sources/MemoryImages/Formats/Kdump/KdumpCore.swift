internal import Bytes
internal import DumpRecords

/// The ELF core header that stands for the headers of a kdump-compressed file: its notes, and a
/// load for each stretch of memory. What the format does not keep is the virtual address of a
/// load: the physical one takes its place, as in QEMU's dumps.
struct KdumpCore {
  private let file: KdumpFile
  private(set) var warnings: [ImageWarning] = []

  init(_ file: KdumpFile) {
    self.file = file
  }

  mutating func stored(
    _ ranges: [Range<UInt64>], missing: [Range<UInt64>]
  ) throws(ImageError) -> StoredCore {
    let (source, notes) = try notes()
    let end = ranges.last?.upperBound ?? 0
    let isWide = file.layout.wordSize == 8 || end > 1 << 32
    let header = ELFHeader(
      coreFor: machine(notes, in: source), elfClass: isWide ? .bits64 : .bits32, order: file.order)
    let note = ProgramHeader(
      type: .note, offset: notes.lowerBound, fileSize: notes.length, memorySize: notes.length)
    let loads = ranges.map {
      ProgramHeader(
        type: .load, flags: 7, offset: $0.lowerBound, virtualAddress: $0.lowerBound,
        physicalAddress: $0.lowerBound, fileSize: $0.length, memorySize: $0.length)
    }
    guard let core = CoreHeader(header: header, segments: [note] + loads) else {
      throw ImageError(.unusable, "\(file.source.name): no class and byte order")
    }
    return StoredCore(
      header: core, file: source, hasLoadsInFile: false, isWellPlaced: false, missing: missing,
      machine: StoredMachine(file))
  }

  /// The notes as they stand in the file; before version 4 it has only the text of one of them.
  private mutating func notes() throws(ImageError) -> (any ByteSource, Range<UInt64>) {
    let sub = file.subHeader
    if sub.noteSize > 0, let range = Range(start: sub.noteOffset, length: sub.noteSize) {
      return (file.source, range)
    }
    var builder = NoteBuilder(order: file.order)
    if sub.infoSize > 0 {
      do throws(ReadError) {
        let text = try file.source.bytes(
          at: sub.infoOffset, count: Int(min(sub.infoSize, UInt64(VMCoreInfo.largestText))))
        builder.add(.vmCoreInfo, text)
      } catch {
        throw ImageError(error)
      }
    } else {
      warnings.append(ImageWarning("the dump has no notes: its CPUs' registers are not known"))
    }
    let source = ByteArraySource(builder.bytes, name: file.source.name)
    return (source, 0..<source.size)
  }

  /// `e_machine` for what `uname -m` printed; QEMU writes capitals, and "Unknown" for a machine
  /// whose name it does not define (`ELF_MACHINE_UNAME`: arm64, riscv64).
  private mutating func machine(_ notes: Range<UInt64>, in source: any ByteSource) -> ELFMachine {
    let name = file.header.systemName.machine.lowercased()
    let machines: [(prefix: String, machine: ELFMachine)] = [
      ("x86_64", .x86_64), ("aarch64", .aarch64), ("arm", .arm), ("ppc64", .ppc64),
      ("ppc", .ppc), ("s390", .s390), ("riscv", .riscv), ("mips", .mips),
      ("loongarch", .loongArch), ("ia64", .ia64),
    ]
    if let found = machines.first(where: { name.hasPrefix($0.prefix) }) { return found.machine }
    if name.count == 4, name.hasPrefix("i"), name.hasSuffix("86") { return .i386 }
    if file.layout.wordSize == 8, let found = machine(ofRegistersAt: notes, in: source) {
      return found
    }
    warnings.append(
      ImageWarning("the machine '\(name)' of the dump's header is not known: e_machine is 0"))
    return ELFMachine(rawValue: 0)
  }

  /// The machine that has an `elf_prstatus` of the size of the first note: 112 bytes, the general
  /// registers (arm64: 34, riscv64: 32), and 8 bytes.
  private func machine(
    ofRegistersAt notes: Range<UInt64>, in source: any ByteSource
  ) -> ELFMachine? {
    guard let bytes = try? source.bytes(at: notes.lowerBound, count: NoteHeader.size + 5),
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
