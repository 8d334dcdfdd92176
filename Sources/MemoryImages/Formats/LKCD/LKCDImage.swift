internal import Bytes
internal import DumpRecords

extension ImageFormat {
  /// A dump of the Linux Kernel Crash Dump project, or of zfcpdump of old.
  package static let lkcd = ImageFormat(
    name: "LKCD", accepts: [], recognizes: LKCDImage.recognizes, open: LKCDImage.open)
}

private enum LKCDImage {
  /// Runs of pages at most: more than any machine has.
  private static let mostRuns = 1 << 20
  private static let pageSizes: ClosedRange<UInt32> = 4096...65_536

  static func recognizes(_ head: [UInt8]) -> Bool { LKCDHeader.order(of: head) != nil }

  static func open(_ input: ImageInput, _: ImageOptions) throws(ImageError) -> MemoryImage {
    let bytes = try rethrow(
      as: ImageError.init(reading:), input.source.bytes(at: 0, count: LKCDHeader.largestSize))
    guard let order = LKCDHeader.order(of: bytes) else {
      throw ImageError(.unusable, "\(input.name): is no LKCD dump")
    }
    var reader = ByteReader(bytes, order: order)
    guard let header = try? LKCDHeader(from: &reader), bytes.count == LKCDHeader.largestSize else {
      throw ImageError(
        .unusable,
        "\(input.name): ends inside the header of an LKCD dump, after \(bytes.count) bytes")
    }
    guard LKCDHeader.versions.contains(header.number), pageSizes.contains(header.pageSize),
      header.pageSize.nonzeroBitCount == 1
    else {
      throw ImageError(
        .unusable,
        "\(input.name): LKCD version \(header.number), pages of \(header.pageSize) bytes, expected "
          + "versions 1 to 10 and pages of 4096 to 65536")
    }
    let stored = header.packingField(in: reader).map { (try? reader.peek($0)) ?? .max }
    guard let packing = LKCDHeader.Packing(rawValue: stored ?? LKCDHeader.Packing.runs.rawValue)
    else {
      throw ImageError(
        .unusable,
        "\(input.name): dh_dump_compress is \(stored ?? 0), expected 0, 1 or 2")
    }
    var start = LKCDHeader.usualDataOffset
    if header.number >= 9, let offset = try? reader.peek(LKCDHeader.dataOffset), offset > 0 {
      start = offset
    }
    let pages = LKCDPages(
      order: order, pageSize: UInt64(header.pageSize), packing: packing, start: start)
    return try open(input, pages)
  }

  private static func open(
    _ input: ImageInput, _ pages: LKCDPages
  ) throws(ImageError) -> MemoryImage {
    let (index, faults) = try rethrow(
      as: ImageError.init(reading:), pages.index(of: input.source, input.budget))
    guard let runs = index.runs(atMost: mostRuns), let last = runs.last else {
      let reason = faults.first?.text ?? "it holds no page, or pages in too many pieces"
      throw ImageError(.unusable, "\(input.name): \(reason)")
    }
    let damage = PageDamage(of: input.name, pageSize: pages.pageSize, told: (0, []))
    let source = RecordedPages(
      index, in: input.source, size: last.upperBound * pages.pageSize, pageSize: pages.pageSize,
      order: pages.order, damage: damage, reader: pages.next)
    let map = PieceMap(
      laterWins: runs.map { run in
        let start = run.lowerBound * pages.pageSize
        return PieceMap.Piece(range: start..<run.upperBound * pages.pageSize, position: start)
      })
    return MemoryImage(
      of: input, as: .lkcd, memory: PhysicalMemory(map, in: source), warnings: faults,
      damage: damage)
  }
}

/// The pages of one dump.
private struct LKCDPages {
  let order: ByteOrder
  let pageSize: UInt64
  let packing: LKCDHeader.Packing
  /// Where the first one stands.
  let start: UInt64

  /// Reads the record of a page; nil at the end marker, and where none can be.
  @Sendable func next(_ cursor: inout SourceCursor) throws(ReadError) -> RecordedPage? {
    guard let address = try cursor.next(UInt64.self), let size = try cursor.next(UInt32.self),
      let flags = try cursor.next(UInt32.self), flags & LKCDPage.end == 0,
      address < PhysicalAddress.end, UInt64(size) <= pageSize * 2,
      let range = cursor.pass(UInt64(size))
    else { return nil }
    let content: RecordedPage.Content
    switch flags & (LKCDPage.plain | LKCDPage.packed) {
    case LKCDPage.plain where UInt64(size) == pageSize: content = .plain(range)
    case LKCDPage.packed where packing == .zlib: content = .zlib(range)
    case LKCDPage.packed where packing == .runs: content = .runs(range)
    default: return nil
    }
    return RecordedPage(number: address / pageSize, content: content)
  }

  /// Records of no page that are passed over: more of them are no damage, but another file.
  private static let mostOdd: UInt64 = 65_536

  /// Moves over a record that is none of a page, but says how long it is; nil where it does not.
  private func skip(
    _ cursor: inout SourceCursor, from place: UInt64
  ) throws(ReadError) -> LKCDPage? {
    cursor.move(to: place)
    var reader = ByteReader(try cursor.take(LKCDPage.size), order: order)
    guard let page = try? LKCDPage(from: &reader), isRecord(page),
      cursor.pass(UInt64(page.size)) != nil
    else { return nil }
    return page
  }

  /// Whether a record can be that of a page, whatever its size.
  private func isRecord(_ page: LKCDPage) -> Bool {
    page.flags & LKCDPage.end == 0 && page.flags & (LKCDPage.plain | LKCDPage.packed) != 0
      && page.address < PhysicalAddress.end && page.address % pageSize == 0
  }

  /// Walks all records, and says what is wrong with them.
  func index(
    of file: any ByteSource, _ budget: Budget
  ) throws(ReadError) -> (PageIndex, [Finding]) {
    var index = PageIndex(of: file, budget)
    var payment = RecordPayment(budget, for: "the pages of the LKCD dump")
    var odd: (count: UInt64, first: String) = (0, "")
    var cursor = SourceCursor(file, at: start, order: order, window: 1 << 18)
    while true {
      let place = cursor.position
      try payment.payNext()
      if let page = try next(&cursor) {
        guard try index.add(page.number, .data, at: place..<cursor.position) else {
          throw ReadError(
            source: file.name, offset: place, reason: "the page is one of too many")
        }
        continue
      }
      if odd.count < LKCDPages.mostOdd, let page = try skip(&cursor, from: place) {
        odd.count += 1
        if odd.count == 1 { odd.first = text(of: page, at: place) }
        continue
      }
      index.sort()
      return (index, faults(odd, index) + (try fault(at: place, of: file)))
    }
  }

  private func text(of page: LKCDPage, at place: UInt64) -> String {
    "the record at \(place.hex) (address \(page.address.hex), size \(page.size), flags "
      + "\(UInt64(page.flags).hex))"
  }

  /// What is wrong with records that do not end the dump.
  private func faults(
    _ odd: (count: UInt64, first: String), _ index: PageIndex
  ) -> [Finding] {
    var findings: [Finding] = []
    if odd.count > 0 {
      let more = odd.count > 1 ? ", and so are \(odd.count - 1) more" : ""
      findings.append(
        Finding(
          "\(odd.first) is none of a page of \(pageSize) bytes\(more): what they should hold is "
            + "lacking", isPartial: true))
    }
    let repeated = index.repeatedPages
    if repeated > 0 {
      findings.append(
        Finding("\(repeated) pages have more than one record: the last of each is taken"))
    }
    return findings
  }

  private func fault(
    at place: UInt64, of file: any ByteSource
  ) throws(ReadError) -> [Finding] {
    var reader = ByteReader(try file.bytes(at: place, count: LKCDPage.size), order: order)
    guard let page = try? LKCDPage(from: &reader) else {
      return [
        Finding(
          "the LKCD dump ends at \(file.size.hex) without an end marker: it was cut off",
          isPartial: true)
      ]
    }
    guard page.flags & LKCDPage.end == 0 else { return [] }
    if isRecord(page), UInt64(page.size) <= pageSize * 2,
      file.size - place - UInt64(LKCDPage.size) < UInt64(page.size)
    {
      return [
        Finding(
          "the LKCD dump ends at \(file.size.hex), inside \(text(of: page, at: place)): it was cut off",
          isPartial: true)
      ]
    }
    return [
      Finding(
        "\(text(of: page, at: place)) is none of a page: what follows is left out",
        isPartial: true)
    ]
  }
}
