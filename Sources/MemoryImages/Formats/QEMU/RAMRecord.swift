internal import Bytes
internal import DumpRecords

/// One record of the section "ram" that tells the content of a page.
struct RAMRecord {
  /// Offset of the page in its block.
  let offset: UInt64
  /// The block; nil: that of the record before.
  let block: [UInt8]?
  /// What the page holds.
  let content: RecordedPage.Content

  /// What stands at a place of the section.
  enum Item {
    case record(RAMRecord)
    /// The list of blocks, whose lengths have this sum.
    case blocks(sum: UInt64)
    case end
    /// Nothing that is to be read.
    case flush
    /// A page whose packed bytes are more than any page gives: their number.
    case tooLong(UInt64)
    /// Nothing that a file has: the flags.
    case unknown(UInt64)
  }

  /// Reads what comes next and moves behind it, but not over a list; nil where the file ends before
  /// its end.
  static func next(
    _ cursor: inout SourceCursor, pageSize: UInt64
  ) throws(ReadError) -> Item? {
    guard let word = try cursor.next(UInt64.self) else { return nil }
    let flags = RAMRecordFlags(rawValue: word & (pageSize - 1))
    let offset = word.roundedDown(to: pageSize)
    if flags.contains(.blocks) { return .blocks(sum: offset) }
    if flags == .end { return .end }
    if flags == .flush { return .flush }
    return try record(&cursor, offset, flags, pageSize)
  }

  private static func record(
    _ cursor: inout SourceCursor, _ offset: UInt64, _ flags: RAMRecordFlags, _ pageSize: UInt64
  ) throws(ReadError) -> Item? {
    let kinds: RAMRecordFlags = [.fill, .page, .delta, .packed]
    let kind = flags.intersection(kinds)
    guard flags.subtracting(kinds.union(.sameBlock)).isEmpty,
      [.fill, .page, .delta, .packed].contains(kind)
    else { return .unknown(flags.rawValue) }
    var block: [UInt8]?
    if !flags.contains(.sameBlock) {
      guard let length = try cursor.next(UInt8.self) else { return nil }
      block = try cursor.take(Int(length))
      guard block?.count == Int(length) else { return nil }
    }
    guard let content = try content(&cursor, kind, pageSize) else { return nil }
    if let length = content.packedLength, length > 2 * pageSize { return .tooLong(length) }
    return .record(RAMRecord(offset: offset, block: block, content: content))
  }

  private static func content(
    _ cursor: inout SourceCursor, _ kind: RAMRecordFlags, _ pageSize: UInt64
  ) throws(ReadError) -> RecordedPage.Content? {
    switch kind {
    case .fill: return try cursor.next(UInt8.self).map(RecordedPage.Content.fill)
    case .page: return cursor.pass(pageSize).map(RecordedPage.Content.plain)
    case .delta:
      guard try cursor.next(UInt8.self) != nil, let length = try cursor.next(UInt16.self) else {
        return nil
      }
      return cursor.pass(UInt64(length)).map(RecordedPage.Content.delta)
    default:
      guard let length = try cursor.next(UInt32.self) else { return nil }
      return cursor.pass(UInt64(length)).map(RecordedPage.Content.zlib)
    }
  }
}
