internal import Bytes
internal import Codecs
internal import DumpRecords

/// The pages of a kdump-compressed dump as one source: offset = physical address. Pages are
/// unpacked when they are read; those that the dump lacks read as zeros and are holes.
final class KdumpPages: ByteSource {
  let name: String
  let size: UInt64
  /// Ascending and disjoint by their frames.
  private let parts: [(part: KdumpPart, zeroPage: UInt64?)]
  private let blockSize: UInt64
  private let unpackers: CodecPool<PageUnpacker>
  private let cache: PageCache

  /// The pages of one file, or of the files of a split set, in the order of their frames.
  init(_ parts: [(part: KdumpPart, zeroPage: UInt64?)], blockSize: UInt64, frames: UInt64) {
    self.parts = parts
    self.blockSize = blockSize
    name = parts.first?.part.file.source.name ?? ""
    size = frames * blockSize
    cache = PageCache()
    unpackers = CodecPool { PageUnpacker(.zlib, pageSize: Int(blockSize)) }
  }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let count = Int(min(UInt64(buffer.count), size - offset))
    var cursor = KdumpCursor(
      parts.map(\.part), ahead: (offset + UInt64(count) - 1) / blockSize)
    var done = 0
    while done < count {
      let place = offset + UInt64(done)
      let frame = place / blockSize
      let inside = Int(place % blockSize)
      let length = min(count - done, Int(blockSize) - inside)
      let output = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + length])
      if length == Int(blockSize) {
        try unsafe load(frame, &cursor, into: output)
      } else {
        let page = try page(frame, &cursor)
        unsafe output.copyBytes(from: page[inside..<inside + length])
      }
      done += length
    }
    return done
  }

  func extent(at offset: UInt64) -> SourceExtent {
    guard offset < size else { return SourceExtent(isHole: false, end: offset) }
    var frame = offset / blockSize
    let last = min(frame + KdumpPages.extentFrames, size / blockSize) - 1
    var cursor = KdumpCursor(parts.map(\.part), ahead: last)
    let kind = kind(of: frame, &cursor)
    while frame < last {
      let known = kind == .leftOut ? cursor.absentEnd(from: frame + 1) : frame + 1
      if known > frame + 1 {
        frame = min(last, known - 1)
      } else {
        guard self.kind(of: frame + 1, &cursor) == kind else { break }
        frame += 1
      }
    }
    return SourceExtent(
      isHole: kind != .data, isLeftOut: kind == .leftOut, end: (frame + 1) * blockSize)
  }

  private enum Kind {
    case data, zeros, leftOut
  }

  /// Frames that are looked at to answer for one extent.
  private static let extentFrames: UInt64 = 4096

  /// What cannot be read is data: reading it says why.
  private func kind(of frame: UInt64, _ cursor: inout KdumpCursor) -> Kind {
    guard let found = try? cursor.find(frame) else { return .data }
    switch found {
    case .absent: return .leftOut
    case .page(let descriptor, let index):
      if parts[index].part.isLost(descriptor) { return .leftOut }
      let isZero = descriptor.flags.isEmpty && descriptor.offset == parts[index].zeroPage
      return isZero ? .zeros : .data
    }
  }

  private func page(_ frame: UInt64, _ cursor: inout KdumpCursor) throws(ReadError) -> [UInt8] {
    if let page = cache.page(of: frame) { return page }
    var page = [UInt8](repeating: 0, count: Int(blockSize))
    var failure: ReadError?
    unsafe page.withUnsafeMutableBytes { buffer in
      do throws(ReadError) { try unsafe load(frame, &cursor, into: buffer) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    cache.add(page, of: frame)
    return page
  }

  private func load(
    _ frame: UInt64, _ cursor: inout KdumpCursor, into output: UnsafeMutableRawBufferPointer
  ) throws(ReadError) {
    guard case .page(let descriptor, let index) = try cursor.find(frame),
      !parts[index].part.isLost(descriptor)
    else {
      unsafe output.initializeMemory(as: UInt8.self, repeating: 0)
      return
    }
    let source = parts[index].part.file.source
    if let fault = descriptor.fault(blockSize: blockSize) {
      throw KdumpPages.error(source, descriptor, "the page at \((frame * blockSize).hex) \(fault)")
    }
    guard descriptor.flags.contains(.zlib) else {
      try unsafe KdumpPages.fill(output, from: source, descriptor)
      return
    }
    let size = try unpackers.with { (page) throws(ReadError) -> Int? in
      let input = unsafe UnsafeMutableRawBufferPointer(
        rebasing: page.packed.bytes[..<Int(descriptor.size)])
      try unsafe KdumpPages.fill(input, from: source, descriptor)
      return unsafe page.unpacker.unpack(UnsafeRawBufferPointer(input), into: output)
    }
    guard let size, size == output.count else {
      throw KdumpPages.error(
        source, descriptor,
        "the page at \((frame * blockSize).hex) is damaged: its \(descriptor.size) bytes are no "
          + "zlib stream of \(blockSize) bytes")
    }
  }

  private static func fill(
    _ output: UnsafeMutableRawBufferPointer, from source: any ByteSource,
    _ descriptor: PageDescriptor
  ) throws(ReadError) {
    let count = try unsafe source.read(at: descriptor.offset, into: output)
    guard count == output.count else {
      throw error(source, descriptor, "the file ends inside a page: it shrank while it was read")
    }
  }

  private static func error(
    _ source: any ByteSource, _ descriptor: PageDescriptor, _ text: String
  ) -> ReadError {
    ReadError(source: source.name, offset: descriptor.offset, reason: text)
  }
}

/// What unpacks one page at a time.
private struct PageUnpacker: Sendable {
  let unpacker: any Unpacker
  /// Room for the packed bytes, which are never more than a page.
  let packed: Chunk

  /// nil where memory is short.
  init?(_ form: PackedForm, pageSize: Int) {
    guard let unpacker = form.unpacker() else { return nil }
    self.unpacker = unpacker
    packed = Chunk(size: pageSize)
  }
}

/// Looks up frames that are asked for in ascending order, with few reads.
private struct KdumpCursor {
  private let parts: [KdumpPart]
  /// The last frame that will be asked for.
  private let last: UInt64
  private var partIndex = 0
  /// Of that part, kept here because a part is not cheap to copy for every frame.
  private var range: Range<UInt64> = 0..<0
  private var ranks: Range<UInt64> = 0..<0
  private var words: [UInt64] = []
  private var wordsStart: UInt64 = 0
  private var wordsRank: UInt64 = 0
  private var descriptors: [PageDescriptor] = []
  private var descriptorsRank: UInt64 = 0

  enum Found {
    case absent
    case page(PageDescriptor, part: Int)
  }

  private static let mostWords: UInt64 = 64
  private static let mostDescriptors: UInt64 = 512
  /// Descriptors of the next read: few where holes alternate with pages, many in a long stretch.
  private var descriptorsAhead: UInt64 = 16

  init(_ parts: [KdumpPart], ahead last: UInt64) {
    self.parts = parts
    self.last = last
  }

  /// How far no page is there, told from whole words that were read already; `frame` where that
  /// is not known.
  func absentEnd(from frame: UInt64) -> UInt64 {
    guard frame % 64 == 0, range.contains(frame) else { return frame }
    var end = frame
    while end >= wordsStart, end - wordsStart < UInt64(words.count) * 64,
      words[Int((end - wordsStart) / 64)] == 0
    {
      end += 64
    }
    return min(end, range.upperBound)
  }

  private mutating func select(_ frame: UInt64) -> Bool {
    guard let index = parts.firstIndex(where: { $0.file.range.contains(frame) }) else {
      return false
    }
    let part = parts[index]
    partIndex = index
    range = part.file.range.clamped(to: 0..<part.dumped.frames)
    ranks = part.firstRank..<part.firstRank + part.count
    words = []
    descriptors = []
    return range.contains(frame)
  }

  mutating func find(_ frame: UInt64) throws(ReadError) -> Found {
    guard range.contains(frame) || select(frame) else { return .absent }
    if words.isEmpty || frame < wordsStart || frame - wordsStart >= UInt64(words.count) * 64 {
      let start = frame.roundedDown(to: 64)
      let end = min(max(last, frame), start + KdumpCursor.mostWords * 64 - 1)
      let dumped = parts[partIndex].dumped
      (wordsRank, words) = (try dumped.rank(of: start), try dumped.words(from: start, through: end))
      wordsStart = start
    }
    let place = frame - wordsStart
    let word = words[Int(place / 64)]
    guard word & (1 << (place % 64)) != 0 else { return .absent }
    var rank = wordsRank
    for before in words[..<Int(place / 64)] { rank += UInt64(before.nonzeroBitCount) }
    rank += UInt64((word & ((1 << (place % 64)) &- 1)).nonzeroBitCount)
    guard ranks.contains(rank) else { return .absent }
    if rank < descriptorsRank || rank - descriptorsRank >= UInt64(descriptors.count) {
      let wanted = min(max(last, frame) - frame + 1, ranks.upperBound - rank)
      descriptors = try parts[partIndex].descriptors(
        fromRank: rank, count: Int(min(wanted, descriptorsAhead)))
      descriptorsAhead = min(4 * descriptorsAhead, KdumpCursor.mostDescriptors)
      descriptorsRank = rank
    }
    return .page(descriptors[Int(rank - descriptorsRank)], part: partIndex)
  }
}

/// The pages that were asked for in parts last.
private final class PageCache: Sendable {
  private let lock = Lock()
  private let pages = Pages()
  private static let limit = 8

  /// Used under the lock alone.
  private final class Pages: @unchecked Sendable {
    var list: [(frame: UInt64, page: [UInt8])] = []
  }

  func page(of frame: UInt64) -> [UInt8]? {
    lock.withLock { pages.list.first { $0.frame == frame }?.page }
  }

  func add(_ page: [UInt8], of frame: UInt64) {
    lock.withLock {
      if pages.list.count >= PageCache.limit { pages.list.removeFirst() }
      pages.list.append((frame, page))
    }
  }
}
