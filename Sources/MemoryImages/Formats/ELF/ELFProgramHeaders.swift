internal import Bytes
internal import DumpRecords

/// The file header of an ELF core file and its program header table as it stands there.
struct ELFProgramHeaders {
  let header: ELFHeader
  let elfClass: ELFClass
  /// The entries that say something, each with its place in the table; PT_NULL says nothing.
  let entries: [Entry]
  /// Entries that are there.
  let count: Int
  /// Whether the whole table stands directly behind the file header.
  let isWellPlaced: Bool
  let warnings: [Finding]

  /// One entry and its place in the table.
  typealias Entry = (index: Int, segment: ProgramHeader)

  /// Entries that are read at most: more than any machine has ranges of memory.
  private static let mostEntries = 1 << 20

  /// Reads both.
  init(_ source: any ByteSource, _ budget: Budget) throws(ImageError) {
    let head = try rethrow(as: ImageError.init(reading:), source.bytes(at: 0, count: 64))
    guard let header = try? ELFHeader(head), let elfClass = header.elfClass,
      let order = header.order
    else {
      throw ImageError(
        .unusable, "\(source.name): ends inside its ELF header, after \(head.count) bytes")
    }
    guard Int(header.programHeaderEntrySize) == elfClass.programHeaderSize else {
      throw ImageError(
        .unusable,
        "\(source.name): e_phentsize is \(header.programHeaderEntrySize), expected "
          + "\(elfClass.programHeaderSize)")
    }
    let reader = ELFTableReader(
      source: source, budget: budget, header: header, elfClass: elfClass, order: order)
    let (wanted, countWarning) = try reader.entryCount(atMost: ELFProgramHeaders.mostEntries)
    let (table, isInPlace, tableWarning) = try reader.table(of: wanted)
    self.header = header
    self.elfClass = elfClass
    entries = table.entries
    count = table.count
    isWellPlaced = isInPlace && countWarning == nil && tableWarning == nil
    warnings = [countWarning, tableWarning].compactMap(\.self)
  }
}

/// Reads the table of a file whose header is known.
private struct ELFTableReader {
  let source: any ByteSource
  let budget: Budget
  let header: ELFHeader
  let elfClass: ELFClass
  let order: ByteOrder

  /// `e_phnum`, or with `PN_XNUM` what the first section header says.
  func entryCount(atMost limit: Int) throws(ImageError) -> (count: Int, warning: Finding?) {
    let place = header.sectionHeaderOffset
    guard header.programHeaderCount == ELFHeader.countInSection, place != 0 else {
      return (Int(header.programHeaderCount), nil)
    }
    let info = SectionHeader.info(in: elfClass)
    guard let bytes = try? source.bytes(at: place, count: info.offset + 4),
      let count = try? ByteReader(bytes, order: order).peek(info)
    else {
      let warning = Finding(
        "the file ends at \(source.size.hex), before its section header at \(place.hex) says the "
          + "number of its program headers: \(header.programHeaderCount) are assumed",
        isPartial: true)
      return (Int(header.programHeaderCount), warning)
    }
    guard count <= UInt32(limit) else {
      throw ImageError(
        .unusable,
        "\(source.name): section header at \(place.hex): sh_info says \(count) program headers, "
          + "expected at most \(limit)")
    }
    return (Int(count), nil)
  }

  /// What a place holds of a table.
  struct Table {
    var entries: [ELFProgramHeaders.Entry] = []
    /// Entries that are there, those that say nothing included.
    var count = 0
  }

  /// The table at `e_phoff`; where that is none, the one behind the file header.
  func table(
    of count: Int
  ) throws(ImageError) -> (table: Table, isInPlace: Bool, warning: Finding?) {
    let behind = UInt64(elfClass.headerSize)
    var places = [header.programHeaderOffset, behind]
    if places[0] == behind || places[0] == 0 { places.removeFirst() }
    var fallback = Table()
    for place in places {
      let table = try rethrow(as: ImageError.init(reading:), read(at: place, count: count))
      if table.entries.contains(where: { $0.segment.type == .load }) {
        let warning =
          table.count == count
          ? nil
          : Finding(
            "the file ends inside its program headers: \(table.count) of \(count) are there",
            isPartial: true)
        return (table, place == behind, warning)
      }
      fallback = table
    }
    guard fallback.count == 0 else { return (fallback, true, nil) }
    throw ImageError(
      .unusable,
      "\(source.name): no program headers at \(places.map(\.hex).joined(separator: " or ")), "
        + "expected \(count)")
  }

  /// Entries that are read at once.
  private static let entriesAtOnce = 4096
  /// Memory that an entry takes by the time the file is opened: itself, a piece, a region.
  private static let entryCost: UInt64 = 256

  /// The table at a place. What lies in a hole of the file is of type PT_NULL.
  private func read(at place: UInt64, count: Int) throws(ReadError) -> Table {
    let size = UInt64(elfClass.programHeaderSize)
    var table = Table()
    while table.count < count, let start = place.adding(UInt64(table.count) * size),
      start < source.size
    {
      let extent = source.extent(at: start)
      let empty = extent.isHole ? (extent.end &- start) / size : 0
      if empty > 0 {
        table.count += Int(min(empty, UInt64(count - table.count)))
        continue
      }
      let wanted = min(count - table.count, ELFTableReader.entriesAtOnce)
      let found = try entries(at: start, count: wanted)
      try budget.spend(UInt64(found.count), .parsing, on: "the program headers")
      let said = found.enumerated().filter { $0.element.type != .empty }
      try budget.spend(
        UInt64(said.count) * ELFTableReader.entryCost, .keeping, on: "the program headers")
      table.entries += said.map { (index: table.count + $0.offset, segment: $0.element) }
      table.count += found.count
      if found.count < wanted { break }
    }
    return table
  }

  private func entries(at place: UInt64, count: Int) throws(ReadError) -> [ProgramHeader] {
    let bytes = try source.bytes(at: place, count: count * elfClass.programHeaderSize)
    var reader = ByteReader(bytes, order: order)
    var entries: [ProgramHeader] = []
    while let entry = try? ProgramHeader(from: &reader, elfClass: elfClass) {
      entries.append(entry)
    }
    return entries
  }
}
