internal import Bytes
internal import DumpRecords

/// The byte order of a bitmap of `mapped-ram`, which nothing says: a guest may run on a host of
/// another order than its own.
enum BitmapOrder {
  /// Bytes of each bitmap that are looked at.
  private static let most = 65_536
  /// Blocks whose bitmaps are.
  private static let mostBlocks = 16
  /// Pages of either order that are looked at.
  private static let mostPages = 64

  /// What the bitmaps show: no bit stands behind the last page; and a page that is marked is hardly
  /// ever zero, while one that is not was mostly never written.
  static func order(of blocks: [RAMBlock], in file: any ByteSource) throws(ReadError) -> ByteOrder?
  {
    var seen = (little: Seen(), big: Seen())
    for block in blocks.prefix(mostBlocks) {
      guard let mapping = block.mapping else { continue }
      let pages = (block.length + mapping.pageSize - 1) / mapping.pageSize
      let words = (pages + 63) / 64
      if pages % 64 != 0, let order = try orderByEnd(mapping, pages, words, file) { return order }
      let bytes = try file.bytes(
        at: mapping.bitmapOffset, count: Int(min(words * 8, UInt64(most))))
      let reader = ByteReader(bytes, order: .little)
      for index in 0..<bytes.count / 8 {
        guard let word: UInt64 = try? reader.peek(at: index * 8), word != word.byteSwapped else {
          continue
        }
        let first = UInt64(index) * 64
        try seen.little.look(at: word & ~word.byteSwapped, first, mapping, pages, file)
        try seen.big.look(at: word.byteSwapped & ~word, first, mapping, pages, file)
        if seen.little.isEnough, seen.big.isEnough { break }
      }
    }
    let (little, big) = (seen.little.ratio(seen.big), seen.big.ratio(seen.little))
    return little == big ? nil : little > big ? .little : .big
  }

  /// By the bits of the last word that are no page's.
  private static func orderByEnd(
    _ mapping: MappedRAMHeader, _ pages: UInt64, _ words: UInt64, _ file: any ByteSource
  ) throws(ReadError) -> ByteOrder? {
    guard let place = mapping.bitmapOffset.adding((words - 1) * 8) else { return nil }
    let bytes = try file.bytes(at: place, count: 8)
    guard let word: UInt64 = try? ByteReader(bytes, order: .little).peek(at: 0) else { return nil }
    let isLittle = word >> (pages % 64) == 0
    let isBig = word.byteSwapped >> (pages % 64) == 0
    return isLittle == isBig ? nil : isLittle ? .little : .big
  }

  /// Pages that are marked under one order alone.
  private struct Seen {
    private var count: UInt64 = 0
    private var used: UInt64 = 0

    var isEnough: Bool { count >= UInt64(mostPages) }

    /// Pages that hold something, made comparable with those of the other order.
    func ratio(_ other: Seen) -> UInt64 { used * max(1, other.count) }

    mutating func look(
      at bits: UInt64, _ first: UInt64, _ mapping: MappedRAMHeader, _ pages: UInt64,
      _ file: any ByteSource
    ) throws(ReadError) {
      for bit in 0..<64 as Range<UInt64> where bits & (1 << bit) != 0 && !isEnough {
        guard first + bit < pages,
          let place = mapping.pagesOffset.adding((first + bit) * mapping.pageSize)
        else { return }
        count += 1
        let bytes = try file.bytes(at: place, count: Int(mapping.pageSize))
        if bytes.contains(where: { $0 != 0 }) { used += 1 }
      }
    }
  }
}
