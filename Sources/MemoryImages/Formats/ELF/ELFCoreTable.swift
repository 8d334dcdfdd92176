internal import Bytes
internal import DumpRecords

/// The program headers of an ELF core file, cut to what the file holds.
struct ELFCoreTable {
  let header: ELFHeader
  /// Notes and loads in table order; sizes in the file are what it holds.
  let segments: [ProgramHeader]
  /// The data of the loads, in table order.
  let pieces: [PieceMap.Piece]
  /// Memory that the file should hold and does not.
  let missing: [Range<UInt64>]
  let warnings: [Finding]
  /// Whether everything stands where makedumpfile and crash look for it.
  let isWellPlaced: Bool

  /// Reads the file header and the table, and looks at how everything is placed.
  init(_ source: any ByteSource, _ budget: Budget) throws(ImageError) {
    let table = try ELFProgramHeaders(source, budget)
    var cut = ELFTableCut(source)
    for (index, entry) in table.entries {
      switch entry.type {
      case .load: cut.addLoad(entry, at: index)
      case .note: try cut.addNote(entry, at: index)
      default: continue
      }
    }
    header = table.header
    segments = cut.segments
    pieces = cut.pieces
    missing = cut.missing
    warnings =
      table.warnings + ELFCoreTable.warnings(about: table.count - table.entries.count, of: table)
      + cut.warnings
      + StoredRanges.warnings(about: missing, "the file ends", at: source.size)
    isWellPlaced =
      table.isWellPlaced && cut.isWhole && missing.isEmpty
      && ELFCoreTable.hasUsualShape(header, table.elfClass, segments)
  }

  /// What a writer leaves that runs out of room: its mark, and entries of loads that it never came
  /// to (makedumpfile `write_elf_header`, `write_elf_load_segment`).
  private static func warnings(
    about unwritten: Int, of table: ELFProgramHeaders
  ) -> [Finding] {
    var warnings: [Finding] = []
    if table.header.flags & ELFHeader.incomplete != 0 {
      warnings.append(
        Finding("the dump is marked as incomplete by whoever wrote it", isPartial: true))
    }
    if unwritten > 0 {
      warnings.append(
        Finding(
          "\(unwritten) of \(table.count) program headers are empty (PT_NULL): the memory "
            + "that they were for is lost", isPartial: true))
    }
    return warnings
  }

  /// What the readers insist on (makedumpfile `elf_info.c`, crash `netdump.c`): the table directly
  /// behind the file header, first in it the only PT_NOTE, all notes before all data.
  private static func hasUsualShape(
    _ header: ELFHeader, _ elfClass: ELFClass, _ segments: [ProgramHeader]
  ) -> Bool {
    guard Int(header.headerSize) == elfClass.headerSize,
      header.sectionHeaderCount == 0 || header.programHeaderCount == ELFHeader.countInSection,
      let note = segments.first, note.type == .note, note.fileSize > 0,
      segments.dropFirst().allSatisfy({ $0.type == .load })
    else { return false }
    let data = segments.dropFirst().lazy.filter { $0.fileSize > 0 }.map(\.offset).min()
    let tableEnd = elfClass.headerSize + segments.count * elfClass.programHeaderSize
    return note.offset >= UInt64(tableEnd) && note.offset + note.fileSize <= data ?? .max
  }
}

/// Cuts one entry after the other to what the file holds.
private struct ELFTableCut {
  private(set) var segments: [ProgramHeader] = []
  private(set) var pieces: [PieceMap.Piece] = []
  private(set) var missing: [Range<UInt64>] = []
  private(set) var warnings: [Finding] = []
  /// Whether no note was cut and no load left out.
  private(set) var isWhole = true
  private let source: any ByteSource
  /// Loads that were left out.
  private var faults = 0
  /// Notes that were cut.
  private var cutNotes = 0

  /// Notes of one segment that are read at most.
  private static let largestNotes: UInt64 = 1 << 30
  /// Faults that are told: a table can be full of them.
  private static let mostFaults = 16

  init(_ source: any ByteSource) {
    self.source = source
  }

  mutating func addNote(_ entry: ProgramHeader, at index: Int) throws(ImageError) {
    var entry = entry
    guard entry.fileSize <= ELFTableCut.largestNotes else {
      throw ImageError(
        .unusable,
        "\(source.name): PT_NOTE \(index) claims \(entry.fileSize.hex) bytes, expected at most "
          + "\(ELFTableCut.largestNotes.hex)")
    }
    let available = available(at: entry.offset)
    if entry.fileSize > available {
      isWhole = false
      cutNotes += 1
      if cutNotes <= ELFTableCut.mostFaults {
        warnings.append(
          Finding(
            "PT_NOTE \(index): the file ends at \(source.size.hex), "
              + "\((entry.fileSize - available).hex) bytes before the notes do",
            isPartial: true))
      }
      entry.fileSize = available
    }
    entry.memorySize = entry.fileSize
    segments.append(entry)
  }

  mutating func addLoad(_ entry: ProgramHeader, at index: Int) {
    var entry = entry
    entry.memorySize = max(entry.memorySize, entry.fileSize)
    guard let range = entry.physicalRange, range.upperBound <= PhysicalAddress.end,
      entry.offset.adding(entry.fileSize) != nil
    else {
      leaveOut(entry, at: index)
      return
    }
    let available = min(entry.fileSize, available(at: entry.offset))
    if available < entry.fileSize {
      missing.append(
        range.lowerBound &+ available..<range.lowerBound &+ entry.fileSize)
      entry.fileSize = available
    }
    segments.append(entry)
    pieces.append(
      PieceMap.Piece(
        range: range.lowerBound..<range.lowerBound + available, position: entry.offset))
  }

  private mutating func leaveOut(_ load: ProgramHeader, at index: Int) {
    isWhole = false
    faults += 1
    guard faults <= ELFTableCut.mostFaults else { return }
    warnings.append(
      Finding(
        "PT_LOAD \(index) is left out: p_paddr \(load.physicalAddress.hex) and p_memsz "
          + "\(load.memorySize.hex) are no range of memory of at most \(PhysicalAddress.bits) bits",
        isPartial: true))
  }

  private func available(at offset: UInt64) -> UInt64 {
    offset < source.size ? source.size - offset : 0
  }
}
