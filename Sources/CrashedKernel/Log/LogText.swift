internal import Bytes

/// The log before Linux 3.5: text in a ring of bytes, each line with its level and, where the
/// kernel was told so, its time. Source: `kernel/printk.c` (`log_end`, `emit_log_char`).
struct LogText: Sendable {
  let memory: VirtualMemory
  /// Virtual address of the buffer.
  let start: UInt64
  /// Its size in bytes.
  let size: UInt64
  /// How many bytes were ever written, modulo 2³².
  let end: UInt64

  /// Follows the variables that vmcoreinfo names.
  static func read(_ kernel: Kernel) throws(ReadError) -> Answer<LogText> {
    let memory = try kernel.memory()
    return try LogVariables.read(kernel, ["log_end"], in: memory).then { found in
      guard found.size.nonzeroBitCount == 1 else {
        return .corrupt("log_buf_len is \(found.size), expected a power of two")
      }
      return .found(
        LogText(
          memory: memory, start: found.start, size: found.size, end: UInt64(found.numbers[0])))
    }
  }
}

/// Gives the lines of such a log.
struct LogTextReader: LogReader {
  private(set) var damage = LogDamage()
  private let log: LogText
  /// Bytes that have not been read, counted from the oldest one.
  private var position: UInt64 = 0
  private let count: UInt64
  private var window: MemoryWindow
  private var pending: [UInt8] = []

  /// Longest line that is kept in one piece.
  private static let longestLine = 1 << 16
  private static let piece: UInt64 = 4096

  init(_ log: LogText) {
    self.log = log
    count = min(log.end, log.size)
    window = MemoryWindow(log.memory)
  }

  mutating func next() throws(ReadError) -> LogRecord? {
    var searched = 0
    while true {
      if let end = pending[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        return record(take(end, dropping: 1))
      }
      if pending.count >= LogTextReader.longestLine {
        return record(take(LogTextReader.longestLine, dropping: 0))
      }
      searched = pending.count
      guard position < count else {
        return pending.isEmpty ? nil : record(take(pending.count, dropping: 0))
      }
      try fill()
    }
  }

  private mutating func take(_ count: Int, dropping more: Int) -> [UInt8] {
    let line = Array(pending.prefix(count))
    pending.removeFirst(count + more)
    return line
  }

  /// Reads on to the end of a page, of the buffer or of the log.
  private mutating func fill() throws(ReadError) {
    let offset = (log.end &- count &+ position) & (log.size - 1)
    let place = log.start &+ offset
    let page = LogTextReader.piece - place % LogTextReader.piece
    let length = min(page, min(log.size - offset, count - position))
    position += length
    if let bytes = try window.read(at: place, count: Int(length)) {
      pending += bytes
    } else {
      damage.note("the image lacks \(length) bytes of the log at \(place.hex)")
    }
  }

  private func record(_ line: [UInt8]) -> LogRecord {
    var record = LogRecord(text: line)
    var rest = line[...]
    guard let mark = LogTextReader.number(&rest, in: "<", ">"), mark < 1 << 11 else {
      return record
    }
    record.level = UInt8(mark & 7)
    record.facility = UInt8(mark >> 3)
    record.time = LogTextReader.time(&rest)
    record.prefix = Array(line.prefix(line.count - rest.count))
    record.text = Array(rest)
    return record
  }

  /// `[    1.234567] `, in nanoseconds.
  private static func time(_ line: inout ArraySlice<UInt8>) -> UInt64? {
    var rest = line
    guard let seconds = number(&rest, in: "[", "."), seconds < 1 << 33 else { return nil }
    var micros: UInt64 = 0
    for _ in 0..<6 {
      guard let digit = rest.popFirst(), (0x30...0x39).contains(digit) else { return nil }
      micros = micros * 10 + UInt64(digit - 0x30)
    }
    guard rest.popFirst() == UInt8(ascii: "]"), rest.popFirst() == UInt8(ascii: " ") else {
      return nil
    }
    line = rest
    return seconds * 1_000_000_000 + micros * 1000
  }

  /// A decimal number between two characters; blanks may stand before it.
  private static func number(
    _ line: inout ArraySlice<UInt8>, in first: Unicode.Scalar, _ last: Unicode.Scalar
  ) -> UInt64? {
    var rest = line
    guard rest.popFirst() == UInt8(ascii: first) else { return nil }
    rest = rest.drop { $0 == UInt8(ascii: " ") }
    let digits = rest.prefix { (0x30...0x39).contains($0) }
    rest = rest.dropFirst(digits.count)
    guard (1...12).contains(digits.count), rest.popFirst() == UInt8(ascii: last) else {
      return nil
    }
    line = rest
    return digits.reduce(0) { $0 * 10 + UInt64($1 - 0x30) }
  }
}
