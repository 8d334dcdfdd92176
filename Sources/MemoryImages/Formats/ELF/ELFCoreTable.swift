internal import Bytes
internal import DumpRecords

/// The program headers of an ELF core file, cut to what the file holds.
struct ELFCoreTable {
  let header: ELFHeader
  /// Notes and loads in table order; sizes in the file are what it holds.
  private(set) var segments: [ProgramHeader] = []
  /// The data of the loads, in table order.
  private(set) var pieces: [PieceMap.Piece] = []
  /// Memory that the file should hold and does not.
  private(set) var missing: [Range<UInt64>] = []
  private(set) var warnings: [ImageWarning] = []
  /// Whether everything stands where makedumpfile and crash look for it.
  private(set) var isWellPlaced = true
  private let source: any ByteSource
  private let elfClass: ELFClass
  private let order: ByteOrder

  /// Entries that are read at most: more than any machine has ranges of memory.
  private static let mostEntries = 1 << 20
  /// Notes of one segment that are read at most.
  static let largestNotes: UInt64 = 1 << 30
  /// No architecture that Linux runs on has physical addresses of more bits.
  private static let addressBits: UInt64 = 56

  /// Reads the file header and the table.
  init(_ input: ImageInput) throws(ImageError) {
    source = input.source
    let head: [UInt8]
    do throws(ReadError) { head = try source.bytes(at: 0, count: 64) } catch {
      throw ImageError(error)
    }
    guard let header = try? ELFHeader(head), let elfClass = header.elfClass,
      let order = header.order
    else {
      throw ImageError(
        .unusable, "\(source.name): ends inside its ELF header, after \(head.count) bytes")
    }
    self.header = header
    self.elfClass = elfClass
    self.order = order
    guard Int(header.programHeaderEntrySize) == elfClass.programHeaderSize else {
      throw ImageError(
        .unusable,
        "\(source.name): e_phentsize is \(header.programHeaderEntrySize), expected "
          + "\(elfClass.programHeaderSize)")
    }
    let entries = try readTable()
    for (index, entry) in entries.enumerated() {
      switch entry.type {
      case .load: addLoad(entry, at: index)
      case .note: try addNote(entry, at: index)
      default: continue
      }
    }
  }

  /// Looks at how everything is placed, and sums up what is missing.
  mutating func check() {
    isWellPlaced = isWellPlaced && missing.isEmpty && hasUsualShape
    guard !missing.isEmpty else { return }
    let bytes = missing.reduce(UInt64(0)) { $0 &+ $1.length }
    let shown = missing.prefix(16).map(\.hex).joined(separator: ", ")
    let more = missing.count > 16 ? " and \(missing.count - 16) more" : ""
    warnings.append(
      ImageWarning(
        "the file ends at \(source.size.hex): it lacks \(bytes.hex) bytes of memory: "
          + "\(shown)\(more)",
        isPartial: true))
  }

  // MARK: The table

  /// The table at `e_phoff`; where that is none, the one behind the file header.
  private mutating func readTable() throws(ImageError) -> [ProgramHeader] {
    let count = try entryCount()
    let behind = UInt64(elfClass.headerSize)
    var places = [header.programHeaderOffset, behind]
    if places[0] == behind || places[0] == 0 { places.removeFirst() }
    var fallback: [ProgramHeader] = []
    for place in places {
      let entries = try entries(at: place, count: count)
      if entries.contains(where: { $0.type == .load }) {
        if place != behind { isWellPlaced = false }
        if entries.count < count {
          isWellPlaced = false
          warnings.append(
            ImageWarning(
              "the file ends inside its program headers: \(entries.count) of \(count) are there",
              isPartial: true))
        }
        return entries
      }
      fallback = entries
    }
    guard fallback.isEmpty else { return fallback }
    throw ImageError(
      .unusable,
      "\(source.name): no program headers at \(places.map(\.hex).joined(separator: " or ")), "
        + "expected \(count)")
  }

  /// `e_phnum`, or with PN_XNUM `sh_info` of the first section header.
  private mutating func entryCount() throws(ImageError) -> Int {
    guard header.programHeaderCount == UInt16.max, header.sectionHeaderOffset != 0 else {
      return Int(header.programHeaderCount)
    }
    let place = elfClass == .bits64 ? 44 : 28  // sh_info
    guard let bytes = try? source.bytes(at: header.sectionHeaderOffset, count: place + 4),
      let count: UInt32 = try? ByteReader(bytes, order: order).peek(at: place)
    else {
      isWellPlaced = false
      warnings.append(
        ImageWarning(
          "the file ends at \(source.size.hex), before its section header at "
            + "\(header.sectionHeaderOffset.hex) says the number of its program headers: "
            + "\(header.programHeaderCount) are assumed",
          isPartial: true))
      return Int(header.programHeaderCount)
    }
    guard count <= UInt32(ELFCoreTable.mostEntries) else {
      throw ImageError(
        .unusable,
        "\(source.name): section header at \(header.sectionHeaderOffset.hex): sh_info says "
          + "\(count) program headers, expected at most \(ELFCoreTable.mostEntries)")
    }
    return Int(count)
  }

  private func entries(at place: UInt64, count: Int) throws(ImageError) -> [ProgramHeader] {
    let bytes: [UInt8]
    do throws(ReadError) {
      bytes = try source.bytes(at: place, count: count * elfClass.programHeaderSize)
    } catch {
      throw ImageError(error)
    }
    var reader = ByteReader(bytes, order: order)
    var entries: [ProgramHeader] = []
    while let entry = try? ProgramHeader(from: &reader, elfClass: elfClass) {
      entries.append(entry)
    }
    return entries
  }

  // MARK: Its entries

  private mutating func addNote(_ entry: ProgramHeader, at index: Int) throws(ImageError) {
    var entry = entry
    guard entry.fileSize <= ELFCoreTable.largestNotes else {
      throw ImageError(
        .unusable,
        "\(source.name): PT_NOTE \(index) claims \(entry.fileSize.hex) bytes, expected at most "
          + "\(ELFCoreTable.largestNotes.hex)")
    }
    let available = available(at: entry.offset)
    if entry.fileSize > available {
      isWellPlaced = false
      warnings.append(
        ImageWarning(
          "PT_NOTE \(index): the file ends at \(source.size.hex), "
            + "\((entry.fileSize - available).hex) bytes before the notes do",
          isPartial: true))
      entry.fileSize = available
    }
    entry.memorySize = entry.fileSize
    segments.append(entry)
  }

  private mutating func addLoad(_ entry: ProgramHeader, at index: Int) {
    var entry = entry
    entry.memorySize = max(entry.memorySize, entry.fileSize)
    guard let range = entry.physicalRange, range.upperBound <= 1 << ELFCoreTable.addressBits,
      entry.offset.adding(entry.fileSize) != nil
    else {
      isWellPlaced = false
      addFault(
        "PT_LOAD \(index) is left out: p_paddr \(entry.physicalAddress.hex) and p_memsz "
          + "\(entry.memorySize.hex) are no range of memory of at most "
          + "\(ELFCoreTable.addressBits) bits")
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

  private func available(at offset: UInt64) -> UInt64 {
    offset < source.size ? source.size - offset : 0
  }

  /// Says the first few faults of a kind that a table can be full of.
  private mutating func addFault(_ text: String) {
    faults += 1
    if faults <= 16 { warnings.append(ImageWarning(text, isPartial: true)) }
  }

  private var faults = 0

  // MARK: Its shape

  /// What the readers insist on (makedumpfile `elf_info.c`, crash `netdump.c`): the table directly
  /// behind the file header, first in it the only PT_NOTE, all notes before all data.
  private var hasUsualShape: Bool {
    guard Int(header.headerSize) == elfClass.headerSize,
      header.sectionHeaderCount == 0 || header.programHeaderCount == UInt16.max,
      let note = segments.first, note.type == .note, note.fileSize > 0,
      segments.dropFirst().allSatisfy({ $0.type == .load })
    else { return false }
    let data = segments.dropFirst().lazy.filter { $0.fileSize > 0 }.map(\.offset).min()
    let tableEnd = elfClass.headerSize + segments.count * elfClass.programHeaderSize
    return note.offset >= UInt64(tableEnd) && note.offset + note.fileSize <= data ?? .max
  }
}
