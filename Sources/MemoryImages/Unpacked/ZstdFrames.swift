internal import Bytes

/// The frames of a zstd file. How much each gives stands in its own head, or in the seek table at
/// the end. Sources: RFC 8878; zstd, `contrib/seekable_format/zstd_seekable_compression_format.md`.
struct ZstdFrames {
  private let source: any ByteSource
  private let table: [UInt64: (packed: UInt64, count: UInt64)]
  private var position: UInt64 = 0
  private var blocks: UInt64 = 0

  private static let magic: UInt32 = 0xfd2f_b528
  private static let skippable: ClosedRange<UInt32> = 0x184d_2a50...0x184d_2a5f

  /// The frames of a file; nil where one of them says nowhere how much it gives.
  static func parts(of source: any ByteSource) throws(ReadError) -> PackedParts? {
    var frames = ZstdFrames(source, table: try SeekTable.entries(of: source))
    return try frames.walk()
  }

  private init(
    _ source: any ByteSource, table: [UInt64: (packed: UInt64, count: UInt64)]
  ) {
    self.source = source
    self.table = table
  }

  private mutating func walk() throws(ReadError) -> PackedParts? {
    var parts = PackedParts()
    while position < source.size {
      let start = position
      let bytes = try source.bytes(at: start, count: FrameHead.mostSize)
      guard let magic: UInt32 = try? ByteReader(bytes, order: .little).peek(at: 0) else {
        return nil
      }
      if ZstdFrames.skippable.contains(magic) {
        guard let size: UInt32 = try? ByteReader(bytes, order: .little).peek(at: 4),
          let end = start.adding(8 + UInt64(size)), end <= source.size
        else { return nil }
        position = end
        continue
      }
      guard magic == ZstdFrames.magic, let head = FrameHead(bytes),
        try skipBlocks(from: start + UInt64(head.size), hasSum: head.hasSum)
      else { return nil }
      let listed = table[start].flatMap { $0.packed == position - start ? $0.count : nil }
      guard let count = head.count ?? listed,
        parts.add(.init(place: start..<position), count: count)
      else { return nil }
    }
    return parts
  }

  /// Goes over a frame's blocks, each of which says how long it is.
  private mutating func skipBlocks(from start: UInt64, hasSum: Bool) throws(ReadError) -> Bool {
    position = start
    var isLast = false
    while !isLast {
      blocks += 1
      // Real ones store thousands of bytes; a file of the smallest is read another way.
      guard blocks <= source.size / 1024 + 1024 else { return false }
      let bytes = try source.bytes(at: position, count: 3)
      guard bytes.count == 3 else { return false }
      let word = UInt64(bytes[0]) | UInt64(bytes[1]) << 8 | UInt64(bytes[2]) << 16
      isLast = word & 1 != 0
      let length: UInt64
      switch word >> 1 & 3 {
      case 0, 2: length = word >> 3
      case 1: length = 1
      default: return false
      }
      position += 3 + length
      guard position <= source.size else { return false }
    }
    if hasSum { position += 4 }
    return position <= source.size
  }
}

/// What stands before the blocks of a frame.
private struct FrameHead {
  /// Bytes of it.
  let size: Int
  /// `Frame_Content_Size`
  let count: UInt64?
  /// `Content_Checksum_flag`
  let hasSum: Bool

  static let mostSize = 18

  /// nil for one that is cut, or wants a dictionary.
  init?(_ bytes: [UInt8]) {
    guard bytes.count > 4 else { return nil }
    let descriptor = bytes[4]
    let isSingle = descriptor & 0x20 != 0
    guard descriptor & 0x08 == 0, descriptor & 0x03 == 0 else { return nil }
    hasSum = descriptor & 0x04 != 0
    let place = isSingle ? 5 : 6
    let width = descriptor >> 6 == 0 ? (isSingle ? 1 : 0) : 1 << Int(descriptor >> 6)
    size = place + width
    guard bytes.count >= size else { return nil }
    let value = bytes[place..<size].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    count = width == 0 ? nil : width == 2 ? value + 256 : value
  }
}

/// The table of a seekable file: a frame that is passed over, at the end.
private enum SeekTable {
  private static let magic: UInt32 = 0x8f92_eab1
  private static let frameMagic: UInt32 = 0x184d_2a5e
  private static let footSize = 9
  private static let headSize = 8

  /// What each frame gives, by its place; none where there is no table.
  static func entries(
    of source: any ByteSource
  ) throws(ReadError) -> [UInt64: (packed: UInt64, count: UInt64)] {
    guard source.size > UInt64(footSize + headSize) else { return [:] }
    let foot = try source.bytes(at: source.size - UInt64(footSize), count: footSize)
    let reader = ByteReader(foot, order: .little)
    guard let number: UInt32 = try? reader.peek(at: 0), foot.count == footSize,
      let magic: UInt32 = try? reader.peek(at: 5), magic == SeekTable.magic,
      number <= UInt32(PackedParts.mostParts)
    else { return [:] }
    let entrySize = foot[4] & 0x80 != 0 ? 12 : 8
    let size = headSize + Int(number) * entrySize + footSize
    guard UInt64(size) <= source.size else { return [:] }
    let bytes = try source.bytes(at: source.size - UInt64(size), count: size)
    let table = ByteReader(bytes, order: .little)
    guard let first: UInt32 = try? table.peek(at: 0), first == frameMagic,
      let length: UInt32 = try? table.peek(at: 4), Int(length) == size - headSize
    else { return [:] }
    var entries: [UInt64: (packed: UInt64, count: UInt64)] = [:]
    var place: UInt64 = 0
    for index in 0..<Int(number) {
      let start = headSize + index * entrySize
      guard let packed: UInt32 = try? table.peek(at: start),
        let count: UInt32 = try? table.peek(at: start + 4)
      else { return [:] }
      entries[place] = (UInt64(packed), UInt64(count))
      place += UInt64(packed)
    }
    return entries
  }
}
