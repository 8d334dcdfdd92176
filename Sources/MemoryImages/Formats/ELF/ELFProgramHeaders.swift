internal import Bytes
internal import DumpRecords

/// The file header of an ELF core file and its program header table as it stands there.
struct ELFProgramHeaders {
  let header: ELFHeader
  let elfClass: ELFClass
  let entries: [ProgramHeader]
  /// Whether the whole table stands directly behind the file header.
  let isWellPlaced: Bool
  let warnings: [Finding]

  /// Entries that are read at most: more than any machine has ranges of memory.
  private static let mostEntries = 1 << 20

  /// Reads both.
  init(_ source: any ByteSource) throws(ImageError) {
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
      source: source, header: header, elfClass: elfClass, order: order)
    let (count, countWarning) = try reader.entryCount(atMost: ELFProgramHeaders.mostEntries)
    let (entries, isInPlace, tableWarning) = try reader.table(of: count)
    self.header = header
    self.elfClass = elfClass
    self.entries = entries
    isWellPlaced = isInPlace && countWarning == nil && tableWarning == nil
    warnings = [countWarning, tableWarning].compactMap(\.self)
  }
}

/// Reads the table of a file whose header is known.
private struct ELFTableReader {
  let source: any ByteSource
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

  /// The table at `e_phoff`; where that is none, the one behind the file header.
  func table(
    of count: Int
  ) throws(ImageError) -> (entries: [ProgramHeader], isInPlace: Bool, warning: Finding?) {
    let behind = UInt64(elfClass.headerSize)
    var places = [header.programHeaderOffset, behind]
    if places[0] == behind || places[0] == 0 { places.removeFirst() }
    var fallback: [ProgramHeader] = []
    for place in places {
      let entries = try entries(at: place, count: count)
      if entries.contains(where: { $0.type == .load }) {
        let warning =
          entries.count == count
          ? nil
          : Finding(
            "the file ends inside its program headers: \(entries.count) of \(count) are there",
            isPartial: true)
        return (entries, place == behind, warning)
      }
      fallback = entries
    }
    guard fallback.isEmpty else { return (fallback, true, nil) }
    throw ImageError(
      .unusable,
      "\(source.name): no program headers at \(places.map(\.hex).joined(separator: " or ")), "
        + "expected \(count)")
  }

  private func entries(at place: UInt64, count: Int) throws(ImageError) -> [ProgramHeader] {
    let bytes = try rethrow(
      as: ImageError.init(reading:),
      source.bytes(at: place, count: count * elfClass.programHeaderSize))
    var reader = ByteReader(bytes, order: order)
    var entries: [ProgramHeader] = []
    while let entry = try? ProgramHeader(from: &reader, elfClass: elfClass) {
      entries.append(entry)
    }
    return entries
  }
}
