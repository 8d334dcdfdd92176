/// How records of a log become text.
public struct LogStyle: Equatable, Sendable {
  /// Whether the time stands before each record.
  public var showsTime = true
  /// Whether the writer of each record does.
  public var showsCaller = false
  /// Whether facility and level do.
  public var showsLevel = false
  /// Whether what moves a terminal's cursor is escaped, too.
  public var isForTerminal = false

  /// `[    1.234567] text`, as makedumpfile and dmesg write it.
  public init() {}
}

extension KernelLog {
  /// All records as text.
  ///
  /// - Throws: ``VMCoreError`` where the image cannot be read.
  public mutating func text(_ style: LogStyle = LogStyle()) throws(VMCoreError) -> [UInt8] {
    var text: [UInt8] = []
    while let record = try next() { text += record.line(style) }
    return text
  }

  /// The name of a facility, as in syslog.
  public static func name(ofFacility number: UInt8) -> String {
    let names = [
      "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron",
      "authpriv", "ftp",
    ]
    switch Int(number) {
    case names.indices: return names[Int(number)]
    case 16..<24: return "local\(number - 16)"
    default: return String(number)
    }
  }
}

extension KernelLog.Caller: CustomStringConvertible {
  /// `T123` or `C1`
  public var description: String {
    switch self {
    case .task(let number): "T\(number)"
    case .processor(let number): "C\(number)"
    }
  }
}

extension KernelLog.Record {
  /// The record as lines, each with its end; nothing where it has no text. What is not printable
  /// becomes `\xNN`.
  public func line(_ style: LogStyle = LogStyle()) -> [UInt8] {
    guard condition != .empty, condition != .lost else { return [] }
    let head = head(style)
    var line = head
    for byte in text {
      switch byte {
      case UInt8(ascii: "\n"):
        // A head that is the log's own does not count.
        line.append(byte)
        line += repeatElement(UInt8(ascii: " "), count: prefix == nil ? head.count : 0)
      case 0x20..<0x7f, UInt8(ascii: "\t"): line.append(byte)
      case 0x0b...0x0d where !style.isForTerminal: line.append(byte)
      default: line += KernelLog.Record.escaped(byte)
      }
    }
    return line + [UInt8(ascii: "\n")]
  }

  private func head(_ style: LogStyle) -> [UInt8] {
    if let prefix, style.showsTime, !style.showsLevel { return prefix }
    var head = ""
    if style.showsLevel, let facility, let level {
      head += padded(KernelLog.name(ofFacility: facility)) + ":" + padded(level.rawValue) + ": "
    }
    if style.showsTime, let nanoseconds {
      let micros = String(nanoseconds % 1_000_000_000 / 1000)
      let seconds = String(nanoseconds / 1_000_000_000)
      head += "[" + String(repeating: " ", count: max(0, 5 - seconds.count)) + seconds + "."
      head += String(repeating: "0", count: 6 - micros.count) + micros + "] "
    }
    if style.showsCaller, let caller {
      let text = caller.description
      head += "[" + String(repeating: " ", count: max(0, 8 - text.count)) + text + "] "
    }
    return Array(head.utf8)
  }

  private func padded(_ text: String) -> String {
    text + String(repeating: " ", count: max(0, 6 - text.count))
  }

  private static func escaped(_ byte: UInt8) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    return Array("\\x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
  }
}
