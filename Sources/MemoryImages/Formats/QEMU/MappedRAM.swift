internal import Bytes
internal import DumpRecords

/// The RAM of a migration file with `mapped-ram`: every page has its place in the file, and a
/// bitmap tells which pages are there. What it does not tell is zero, whatever stands at its place.
struct MappedRAM: ByteSource {
  let name: String
  let size: UInt64
  private let file: any ByteSource
  private let blocks: [(start: UInt64, end: UInt64, mapping: MappedRAMHeader)]
  /// Starts of blocks whose bitmap marks no page though the writer did not come to its end, where it
  /// writes the bitmaps: what stands at a page's place is all there is.
  let unmarked: Set<UInt64>

  /// That of the host: a bitmap is an array of its `unsigned long`.
  private let order: ByteOrder

  private static let wordPages: UInt64 = 64

  /// The blocks that have a place in the file, one behind the other; nil where one has none.
  ///
  /// - Parameters:
  ///   - usual: the byte order of the host, where the bitmaps do not show it.
  ///   - isUnfinished: whether the list of blocks is whole, and the stream is not.
  init?(
    _ blocks: [RAMBlock], in file: any ByteSource, usual: ByteOrder, isUnfinished: Bool
  ) throws(ReadError) {
    var end: UInt64 = 0
    var all: [(start: UInt64, end: UInt64, mapping: MappedRAMHeader)] = []
    for block in blocks {
      guard let mapping = block.mapping, let start = block.start,
        let blockEnd = start.adding(block.length)
      else { return nil }
      all.append((start, blockEnd, mapping))
      end = max(end, blockEnd)
    }
    guard !all.isEmpty else { return nil }
    self.blocks = all
    self.file = file
    var unmarked: Set<UInt64> = []
    for block in all where isUnfinished {
      let bytes = try file.bytes(at: block.mapping.bitmapOffset, count: MappedRAM.looked)
      let pages = (block.end - block.start) / block.mapping.pageSize
      let length = min(UInt64(bytes.count), (pages + 7) / 8)
      if bytes.prefix(Int(length)).allSatisfy({ $0 == 0 }) { unmarked.insert(block.start) }
    }
    self.unmarked = unmarked
    order = try BitmapOrder.order(of: blocks, in: file) ?? usual
    name = file.name
    size = end
  }

  /// What of the RAM the file has room for.
  var stored: RangeSet {
    RangeSet(
      blocks.map { block in
        let place = block.mapping.pagesOffset
        let held = place < file.size ? min(block.end - block.start, file.size - place) : 0
        return block.start..<block.start + held
      })
  }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let count = Int(min(UInt64(buffer.count), size - offset))
    var done = 0
    while done < count {
      let stretch = try stretch(at: offset + UInt64(done))
      let length = Int(min(UInt64(count - done), stretch.end - offset - UInt64(done)))
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + length])
      if let position = stretch.position {
        let read = try unsafe file.read(at: position, into: part)
        done += read
        if read < length { return done }
      } else {
        unsafe part.initializeMemory(as: UInt8.self, repeating: 0)
        done += length
      }
    }
    return done
  }

  func extent(at offset: UInt64) -> SourceExtent {
    guard offset < size else { return SourceExtent(isHole: false, end: offset) }
    guard let stretch = try? stretch(at: offset) else {
      return SourceExtent(isHole: false, end: size)
    }
    return SourceExtent(isHole: stretch.position == nil, end: stretch.end)
  }

  func filePosition(at offset: UInt64) -> FilePosition? {
    guard offset < size, let position = (try? stretch(at: offset))?.position else { return nil }
    return file.filePosition(at: position)
  }

  /// Pages that are alike from an offset on: where the first byte stands, nil for zeros, and where
  /// they end.
  private func stretch(at offset: UInt64) throws(ReadError) -> (position: UInt64?, end: UInt64) {
    guard let block = blocks.first(where: { $0.start <= offset && offset < $0.end }) else {
      return (nil, blocks.map(\.start).filter { $0 > offset }.min() ?? size)
    }
    let mapping = block.mapping
    let inside = offset - block.start
    if unmarked.contains(block.start) { return (mapping.pagesOffset + inside, block.end) }
    let page = inside / mapping.pageSize
    let first = page / MappedRAM.wordPages
    let bytes = try file.bytes(
      at: mapping.bitmapOffset &+ first * 8, count: 8 * MappedRAM.stretchWords)
    let padded = bytes + [UInt8](repeating: 0, count: 8 - bytes.count % 8)
    let reader = ByteReader(padded, order: order)
    var next = page
    let last = min(
      (first + UInt64(MappedRAM.stretchWords)) * MappedRAM.wordPages,
      (block.end - block.start + mapping.pageSize - 1) / mapping.pageSize)
    func isThere(_ page: UInt64) -> Bool {
      let index = Int(page / MappedRAM.wordPages - first) * 8
      let word: UInt64 = (try? reader.peek(at: index)) ?? 0
      return word & (1 << (page % MappedRAM.wordPages)) != 0
    }
    let kind = isThere(page)
    while next < last, isThere(next) == kind { next += 1 }
    let end = min(block.end, block.start + next * mapping.pageSize)
    return (kind ? mapping.pagesOffset + inside : nil, end)
  }

  /// Bytes of a bitmap that show whether it was written: those of 2 GiB.
  private static let looked = 65_536

  /// Words of the bitmap that are looked at in one go.
  private static let stretchWords = 64
}
