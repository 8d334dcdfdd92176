internal import Bytes
internal import Codecs

/// One page of a file that holds a record for each.
struct RecordedPage {
  /// Its number.
  let number: UInt64
  /// What it holds; ranges are offsets in the file.
  let content: Content

  /// What a page holds.
  enum Content {
    case fill(UInt8)
    case plain(Range<UInt64>)
    case zlib(Range<UInt64>)
    /// LKCD's runs of bytes.
    case runs(Range<UInt64>)
    /// What differs from the page as it was before.
    case delta(Range<UInt64>)

    /// Bytes of what has to be unpacked.
    var packedLength: UInt64? {
      switch self {
      case .fill, .plain: nil
      case .zlib(let range), .runs(let range), .delta(let range): range.length
      }
    }

    /// Whether what was there before counts.
    var buildsOnOthers: Bool {
      if case .delta = self { true } else { false }
    }
  }

  /// Reads the record of a page and moves behind it; nil where there is none.
  typealias Reader = @Sendable (inout SourceCursor) throws(ReadError) -> RecordedPage?
}

/// Pages that have a record each as one source: offset = page number × page size. A page is what
/// its last record makes of it; pages without a record read as zeros.
final class RecordedPages: ByteSource {
  let name: String
  let size: UInt64
  private let file: any ByteSource
  private let index: PageIndex
  private let damage: PageDamage
  private let frame: @Sendable (_ page: UInt64) -> UInt64
  private let order: ByteOrder
  private let reader: RecordedPage.Reader
  private let pageSize: UInt64
  private let groupSize: UInt64
  private let unpackers = CodecPool { PackedForm.zlib.unpacker().map(PooledUnpacker.init) }
  private let cache = PageCache()

  /// The pages that an index leads to.
  ///
  /// - Parameters:
  ///   - damage: is told of pages that cannot be what they should be.
  ///   - frame: the frame in memory of a page.
  init(
    _ index: PageIndex, in file: any ByteSource, size: UInt64, pageSize: UInt64,
    order: ByteOrder, damage: PageDamage,
    frame: @escaping @Sendable (_ page: UInt64) -> UInt64 = { $0 },
    reader: @escaping RecordedPage.Reader
  ) {
    self.damage = damage
    self.frame = frame
    self.order = order
    self.reader = reader
    self.index = index
    self.file = file
    self.size = size
    self.pageSize = pageSize
    groupSize = pageSize * PageIndex.groupPages
    name = file.name
  }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let count = Int(min(UInt64(buffer.count), size - offset))
    var done = 0
    while done < count {
      let place = offset + UInt64(done)
      let group = place / groupSize
      let inside = Int(place % groupSize)
      let length = min(count - done, Int(groupSize) - inside)
      let output = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + length])
      if length == Int(groupSize) {
        try unsafe load(group, into: output)
      } else {
        let pages = try pages(of: group)
        unsafe output.copyBytes(from: pages[inside..<inside + length])
      }
      done += length
    }
    return done
  }

  func extent(at offset: UInt64) -> SourceExtent {
    guard offset < size else { return SourceExtent(isHole: false, end: offset) }
    var group = offset / groupSize
    let first = offset % groupSize / pageSize
    let zeros = zeroPages(of: group)
    let isHole = zeros & (1 << first) != 0
    // Pages behind the first that are like it.
    let run = (isHole ? ~zeros : zeros) >> first
    let like = run == 0 ? PageIndex.groupPages - first : UInt64(run.trailingZeroBitCount)
    var end = group * groupSize + (first + like) * pageSize
    if first + like == PageIndex.groupPages {
      let all: UInt64 = isHole ? .max : 0
      group += 1
      for _ in 0..<RecordedPages.extentGroups where group * groupSize < size {
        guard zeroPages(of: group) == all else { break }
        group += 1
      }
      end = group * groupSize
    }
    guard !isHole, damage.wasFound else {
      return SourceExtent(isHole: isHole, end: min(end, size))
    }
    let page = offset / pageSize
    let isLost = damage.contains(frame(page))
    var next = page + 1
    while next * pageSize < end, damage.contains(frame(next)) == isLost { next += 1 }
    return SourceExtent(isHole: false, isLeftOut: isLost, end: min(next * pageSize, size))
  }

  var mayLoseBytes: Bool { true }

  var readCost: UInt64 { 8 }

  func isLost(_ range: Range<UInt64>) -> Bool {
    guard damage.wasFound, !range.isEmpty, range.upperBound <= size else { return false }
    return (range.lowerBound / pageSize...(range.upperBound - 1) / pageSize)
      .allSatisfy { damage.contains(frame($0)) }
  }

  /// Groups that are looked at to answer for one extent.
  private static let extentGroups = 64

  /// The pages of a group that are zero for certain.
  private func zeroPages(of group: UInt64) -> UInt64 {
    var zeros = UInt64.max
    for entry in index.entries(of: group) {
      zeros = zeros & ~entry.pages | entry.zeros
    }
    return zeros
  }

  private func pages(of group: UInt64) throws(ReadError) -> [UInt8] {
    if let pages = cache.bytes(of: group) { return pages }
    var pages = [UInt8](repeating: 0, count: Int(groupSize))
    try unsafe pages.withMutableBytes { buffer throws(ReadError) in
      try unsafe load(group, into: buffer)
    }
    cache.add(pages, of: group)
    return pages
  }

  /// Plays the records of a group, from where none before matters.
  private func load(
    _ group: UInt64, into output: UnsafeMutableRawBufferPointer
  ) throws(ReadError) {
    unsafe output.initializeMemory(as: UInt8.self, repeating: 0)
    let entries = index.entries(of: group)
    var start = entries.endIndex
    var covered: UInt64 = 0
    while start > entries.startIndex, covered != .max {
      start -= 1
      if !entries[start].hasDelta { covered |= entries[start].pages }
    }
    guard entries.endIndex - start <= PageIndex.mostOfGroup else {
      throw ReadError(
        source: name, offset: entries[start].offset,
        reason: "the pages at \((group * groupSize).hex) of RAM were sent more than "
          + "\(PageIndex.mostOfGroup) times")
    }
    // Zeros over zeros need not be read.
    if start < entries.endIndex, entries[start].pages == entries[start].zeros { start += 1 }
    var broken: UInt64 = 0
    for entry in entries[start...] { try unsafe play(entry, into: output, &broken) }
    for page in 0..<PageIndex.groupPages where broken & (1 << page) != 0 {
      let inside = Int(page * pageSize)
      unsafe UnsafeMutableRawBufferPointer(rebasing: output[inside..<inside + Int(pageSize)])
        .initializeMemory(as: UInt8.self, repeating: 0)
      damage.add(frame(group * PageIndex.groupPages + page))
    }
  }

  /// Plays the records of an entry; `broken` are the pages that are damaged by now.
  private func play(
    _ entry: PageIndex.Entry, into output: UnsafeMutableRawBufferPointer, _ broken: inout UInt64
  ) throws(ReadError) {
    var cursor = SourceCursor(
      file, at: entry.offset, order: order, window: Int(entry.length))
    for _ in 0..<entry.pages.nonzeroBitCount {
      let place = cursor.position
      guard let page = try reader(&cursor) else {
        throw ReadError(
          source: name, offset: place, reason: "no record of a page: the file changed since")
      }
      // The first page of everything begins a group.
      let inside = Int(page.number % PageIndex.groupPages * pageSize)
      let part = unsafe UnsafeMutableRawBufferPointer(
        rebasing: output[inside..<inside + Int(pageSize)])
      let bit: UInt64 = 1 << (page.number % PageIndex.groupPages)
      if !(unsafe put(page.content, into: part, cursor)) {
        broken |= bit
      } else if !page.content.buildsOnOthers {
        broken &= ~bit
      }
    }
  }

  /// False where the record is none of such a page.
  private func put(
    _ content: RecordedPage.Content, into page: UnsafeMutableRawBufferPointer,
    _ cursor: SourceCursor
  ) -> Bool {
    switch content {
    case .fill(let byte):
      unsafe page.initializeMemory(as: UInt8.self, repeating: byte)
      return true
    case .plain(let range):
      guard let bytes = cursor.held(range), bytes.count == page.count else { return false }
      unsafe page.copyBytes(from: bytes)
      return true
    case .zlib(let range):
      guard let packed = cursor.held(range) else { return false }
      return unsafe unpack(packed, into: page)
    case .runs(let range):
      guard let runs = cursor.held(range) else { return false }
      return unsafe ByteRuns.unpack(runs, into: page)
    case .delta(let range):
      guard let runs = cursor.held(range) else { return false }
      return unsafe XBZRLE.apply(runs, to: page)
    }
  }

  private func unpack(
    _ packed: ArraySlice<UInt8>, into page: UnsafeMutableRawBufferPointer
  ) -> Bool {
    let size = unpackers.with { (unpacker: PooledUnpacker) -> Int? in
      unsafe packed.withUnsafeBytes { unsafe unpacker.unpacker.unpack($0, into: page) }
    }
    return size == page.count
  }
}

/// An unpacker to be handed on.
struct PooledUnpacker: Sendable {
  let unpacker: any Unpacker
}
