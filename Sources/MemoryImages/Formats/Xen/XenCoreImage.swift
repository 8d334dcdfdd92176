internal import Bytes
internal import DumpRecords

extension ImageFormat {
  /// What `xl dump-core` writes of a guest: an ELF file whose memory is in sections.
  package static let xen = ImageFormat(
    name: "Xen core", accepts: [], recognizes: XenCoreImage.recognizes, open: XenCoreImage.open)
}

/// The guest's pages in any order, and a table that names the frame of each. Sources: Xen
/// `docs/misc/dump-core-format.txt`, `tools/libs/ctrl/xc_core.c`.
private enum XenCoreImage {
  /// Runs of pages that follow one another, both in memory and in the file.
  private static let mostRuns = 1 << 20
  private static let headers = (offset: 0x2000001, size: 32)

  /// An ELF core file without program headers, but with sections.
  static func recognizes(_ head: [UInt8]) -> Bool {
    guard let header = try? ELFHeader(Array(head.prefix(64))) else { return false }
    return header.type == ELFHeader.coreType && header.programHeaderCount == 0
      && header.sectionHeaderOffset != 0 && header.sectionHeaderCount > 0
  }

  static func open(_ input: ImageInput, _: ImageOptions) throws(ImageError) -> MemoryImage {
    let sections = try rethrow(as: ImageError.init(reading:), ELFSections(input.source))
    guard let sections, let pages = sections.place(of: ".xen_pages") else {
      throw ImageError(
        .unusable,
        "\(input.name): is an ELF core without program headers and without a section "
          + "'.xen_pages', as cores of Xen have: it was cut off, or is none of a machine")
    }
    let tables = [(name: ".xen_p2m", width: UInt64(16)), (name: ".xen_pfn", width: 8)]
    for table in tables {
      guard let place = sections.place(of: table.name) else { continue }
      let size = try pageSize(sections, input)
      let walk = XenPages(
        source: input.source, order: sections.order, pages: pages, pageSize: size)
      return try walk.image(of: input, table: place, entrySize: table.width, mostRuns: mostRuns)
    }
    throw ImageError(
      .unusable,
      "\(input.name): has no section '.xen_p2m' or '.xen_pfn', which says where its pages lie")
  }

  /// The size of a page, as the note says; nearly always 4096.
  private static func pageSize(
    _ sections: ELFSections, _ input: ImageInput
  ) throws(ImageError) -> UInt64 {
    guard let notes = sections.place(of: ".note.Xen") else { return 4096 }
    var reader = ByteReader(
      try rethrow(
        as: ImageError.init(reading:),
        input.source.bytes(at: notes.lowerBound, count: Int(min(notes.length, 4096)))),
      order: sections.order)
    while let note = try? NoteHeader(from: &reader) {
      let start = reader.position - NoteHeader.size
      guard let next = Int(exactly: note.totalSize), next <= reader.bytes.count - start else {
        break
      }
      // xen_dumpcore_elfnote_header_desc: magic, vCPUs, pages, page size.
      if note.type == UInt32(headers.offset), note.descriptionSize >= UInt32(headers.size),
        let size: UInt64 = try? reader.peek(at: start + Int(note.descriptionOffset) + 24),
        size.nonzeroBitCount == 1, (4096...65_536).contains(size)
      {
        return size
      }
      try? reader.skip(next - NoteHeader.size)
    }
    return 4096
  }
}

/// Follows the table of one core.
private struct XenPages {
  let source: any ByteSource
  let order: ByteOrder
  let pages: Range<UInt64>
  let pageSize: UInt64

  /// Memory that a run takes by the time the file is opened: pieces, and a region.
  private static let runCost: UInt64 = 256

  func image(
    of input: ImageInput, table: Range<UInt64>, entrySize: UInt64, mostRuns: Int
  ) throws(ImageError) -> MemoryImage {
    guard table.isEmpty || table.lowerBound < source.size else {
      throw ImageError(
        .unusable,
        "\(input.name): ends at \(source.size.hex), before its table at \(table.lowerBound.hex), "
          + "which says where its pages lie: it was cut off")
    }
    let stored = table.clamped(to: 0..<max(1, source.size))
    var cursor = SourceCursor(source, at: table.lowerBound, order: order)
    let count = min(stored.length / entrySize, pages.length / pageSize)
    var ranges = StoredRanges(in: source)
    var run: (frame: UInt64, page: UInt64, count: UInt64) = (0, 0, 0)
    var runs = 0
    func close() -> Bool {
      guard run.count > 0 else { return true }
      runs += 1
      return runs <= mostRuns
        && ranges.add(
          at: run.frame * pageSize, length: run.count * pageSize,
          offset: pages.lowerBound + run.page * pageSize)
    }
    var isSound = true
    var entries = RecordPayment(input.budget, for: "the entries of Xen's table of frames")
    var stretches = RecordPayment(
      input.budget, .keeping, price: XenPages.runCost, for: "the stretches of Xen's table of frames"
    )
    for page in 0..<count {
      try rethrow(as: ImageError.init(reading:), entries.payNext())
      guard
        let frame = try rethrow(as: ImageError.init(reading:), cursor.next(UInt64.self))
      else { break }
      if entrySize > 8 { cursor.skip(entrySize - 8) }
      // A guest that shrank has entries without a page.
      guard frame < PhysicalAddress.end / pageSize else { continue }
      if run.count > 0, frame == run.frame + run.count, page == run.page + run.count {
        run.count += 1
      } else {
        try rethrow(as: ImageError.init(reading:), stretches.payNext())
        isSound = close()
        run = (frame, page, 1)
      }
      guard isSound else { break }
    }
    isSound = isSound && close()
    guard isSound, !ranges.pieces.isEmpty || !ranges.missing.isEmpty else {
      let reason =
        runs > mostRuns
        ? "names more than \(mostRuns) stretches of frames"
        : isSound ? "names no frames" : "names frames that the file cannot have"
      throw ImageError(
        .unusable, "\(input.name): its table at \(table.lowerBound.hex) \(Message(reason))")
    }
    var warnings = ranges.warnings
    if stored.length < table.length || count * entrySize < table.length {
      warnings.append(
        Finding(
          "\(source.name): \(count) of \(table.length / entrySize) pages of the guest are there",
          isPartial: true))
    }
    return MemoryImage(of: input, as: .xen, memory: ranges.memory, warnings: warnings)
  }
}
