internal import Bytes

/// Gives the records of the buffer, from the oldest to the newest. Behind one that cannot be right
/// it goes on where records follow each other again.
struct LogBufferReader: LogReader {
  private(set) var damage = LogDamage()
  private let buffer: LogBuffer
  private var offset: UInt64
  /// Whether the end of the buffer lies before the newest record.
  private var wraps: Bool
  private var lastTime: UInt64 = 0
  private var heads: MemoryWindow
  private var texts: MemoryWindow
  /// Of the heads to which one leads that may be none.
  private var followers: MemoryWindow

  init(_ buffer: LogBuffer) {
    self.buffer = buffer
    offset = buffer.first
    wraps = buffer.first > buffer.next
    heads = MemoryWindow(buffer.memory)
    texts = MemoryWindow(buffer.memory)
    followers = MemoryWindow(buffer.memory, size: 512)
  }

  mutating func next() throws(ReadError) -> LogRecord? {
    while wraps || offset < buffer.next {
      if wraps, offset >= buffer.size {
        turn()
        continue
      }
      let head = try buffer.head(at: offset, &heads)
      if let head, head.isEnd, wraps {
        turn()
      } else if let head, buffer.isSound(head, at: offset), isBeforeEnd(head) {
        return try record(head)
      } else {
        try resume(behind: head)
      }
    }
    return nil
  }

  private mutating func turn() {
    wraps = false
    offset = 0
  }

  /// Records do not reach beyond the end of the newest one.
  private func isBeforeEnd(_ head: LogBuffer.Head) -> Bool {
    wraps || head.length <= buffer.next - offset
  }

  private mutating func record(_ head: LogBuffer.Head) throws(ReadError) -> LogRecord {
    var record = LogRecord()
    record.time = head.time
    record.facility = head.facility
    record.level = head.level
    record.caller = head.caller.map(LogCaller.init)
    lastTime = head.time
    let place = buffer.start &+ offset &+ UInt64(buffer.layout.size)
    offset += head.length
    let count = Int(head.textLength + head.dictionaryLength)
    guard let bytes = try texts.read(at: place, count: count) else {
      damage.note("the image lacks the text at \(place.hex)")
      record.condition = .lost
      return record
    }
    record.text = Array(bytes.prefix(Int(head.textLength)))
    // `SUBSYSTEM=pci`, a zero byte, `DEVICE=+pci:0000:00:1f.2`
    record.fields = bytes.dropFirst(Int(head.textLength)).split(separator: 0).map { entry in
      let name = entry.prefix { $0 != UInt8(ascii: "=") }
      return LogRecord.Field(
        name: Array(name), value: Array(entry.dropFirst(name.count + 1)))
    }
    return record
  }

  /// Goes to the next place from which sound records follow each other.
  private mutating func resume(behind head: LogBuffer.Head?) throws(ReadError) {
    let start = offset
    offset += 4
    while wraps || offset < buffer.next {
      if wraps, offset >= buffer.size { turn() }
      if let gap = try gap() {
        offset += gap
      } else {
        if try isChain() { break }
        offset += 4
      }
    }
    let what = head.map { "claims \($0.length) bytes" } ?? "is not in the image"
    let rest = wraps || offset < buffer.next ? "goes on at \(offset.hex)" : "nothing behind it is"
    damage.note("the record at \(start.hex) of the log buffer \(what): what is sound \(rest)")
  }

  /// The bytes up to the next page, where the head of a record cannot be read here; nil where it can.
  private mutating func gap() throws(ReadError) -> UInt64? {
    let start = buffer.start &+ offset
    let length = start &+ UInt64(buffer.layout.length)
    guard try heads.half(at: length) == nil else { return nil }
    let next =
      (length &+ 1).roundedDown(to: LogBufferReader.smallestPage)
      &+ LogBufferReader.smallestPage
    return (next &- start &+ 3) / 4 * 4
  }

  /// What is not there lacks a page at least.
  private static let smallestPage: UInt64 = 4096

  /// Whether three records, or all up to the end, follow each other from here on.
  private mutating func isChain() throws(ReadError) -> Bool {
    guard
      let length = try heads.half(
        at: buffer.start &+ offset &+ UInt64(buffer.layout.length)), length % 4 == 0,
      Int(length) >= buffer.layout.size
    else { return false }
    var place = offset
    var time = lastTime
    var isWrapping = wraps
    for _ in 0..<3 {
      if !isWrapping, place == buffer.next { return place != offset }
      guard
        let head = try place == offset
          ? buffer.head(at: place, &heads) : buffer.head(at: place, &followers)
      else { return false }
      if isWrapping, head.isEnd, place != offset {
        isWrapping = false
        place = 0
        continue
      }
      guard buffer.isSound(head, at: place), head.length >= UInt64(buffer.layout.size),
        isWrapping || head.length <= buffer.next - min(place, buffer.next), head.facility < 24,
        // Writers on several processors may come a little out of order.
        head.time.adding(LogBufferReader.disorder) ?? .max >= time,
        head.time - min(time, head.time) < LogBufferReader.longest
      else { return false }
      time = head.time
      place += head.length
    }
    return true
  }

  /// One second.
  private static let disorder: UInt64 = 1_000_000_000
  /// Ten years.
  private static let longest: UInt64 = 315_360_000_000_000_000
}
