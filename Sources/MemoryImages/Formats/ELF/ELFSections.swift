internal import Bytes
internal import DumpRecords

/// The sections of an ELF file by their names: what tells some cores apart, and where those of Xen
/// have everything.
struct ELFSections {
  /// The file's header.
  let header: ELFHeader
  /// Its class and byte order.
  let elfClass: ELFClass
  let order: ByteOrder
  private var places: [String: Range<UInt64>] = [:]

  /// Sections that are looked at: those of cores are few.
  private static let mostSections = 256
  /// Bytes of all names.
  private static let mostNames = 65_536

  /// Reads the table; nil where the file has no sound one.
  init?(_ source: any ByteSource) throws(ReadError) {
    let head = try source.bytes(at: 0, count: 64)
    guard let header = try? ELFHeader(head), let elfClass = header.elfClass,
      let order = header.order, header.sectionHeaderOffset != 0,
      header.sectionHeaderEntrySize == UInt16(SectionHeader.size(in: elfClass))
    else { return nil }
    self.header = header
    self.elfClass = elfClass
    self.order = order
    let count = min(Int(header.sectionHeaderCount), ELFSections.mostSections)
    var reader = ByteReader(
      try source.bytes(
        at: header.sectionHeaderOffset, count: count * SectionHeader.size(in: elfClass)),
      order: order)
    var entries: [SectionHeader] = []
    while let entry = try? SectionHeader(from: &reader, elfClass: elfClass) {
      entries.append(entry)
    }
    guard Int(header.sectionNameIndex) < entries.count else { return nil }
    let table = entries[Int(header.sectionNameIndex)]
    let names = try source.bytes(
      at: table.offset, count: Int(min(table.length, UInt64(ELFSections.mostNames))))
    for entry in entries {
      guard Int(entry.name) < names.count,
        let range = Range(start: entry.offset, length: entry.length)
      else { continue }
      let name = String(decoding: names[Int(entry.name)...].prefix { $0 != 0 }, as: UTF8.self)
      if places[name] == nil { places[name] = range }
    }
  }

  /// Where a section stands in the file.
  func place(of name: String) -> Range<UInt64>? { places[name] }
}
