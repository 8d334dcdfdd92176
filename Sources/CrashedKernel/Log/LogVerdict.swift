package import Bytes

/// Why a kernel died, as its log says it.
package struct LogVerdict: Equatable, Sendable {
  /// What stands behind `Kernel panic - not syncing: `, the last time.
  package private(set) var panic: String?
  /// The last line that counts an oops: `Oops: 0002 [#1] PREEMPT SMP`.
  package private(set) var oops: String?
  /// The last line that says what was wrong: `BUG: kernel NULL pointer dereference, address: …`.
  package private(set) var cause: String?
  /// The flags behind the last `Tainted: `, or `Not tainted`.
  package private(set) var taint: String?
  /// Whether a line has said what was wrong since an oops was counted.
  private var isExplained = false

  /// Nothing read yet.
  package init() {}

  /// The verdict of a whole log.
  package init(_ log: inout KernelLog) throws(ReadError) {
    while let record = try log.next() { add(record) }
  }

  /// Beginnings of lines that say what was wrong, by whichever part of the kernel says it.
  private static let causes = [
    "BUG: ", "kernel BUG at ", "Unable to handle kernel ", "Kernel attempted to ",
    "general protection fault", "divide error: ", "invalid opcode: ", "stack segment: ",
    "double fault: ", "PANIC: double fault", "unchecked MSR access error: ",
    "watchdog: BUG: ", "watchdog: Watchdog detected ", "NMI watchdog: BUG: ",
    "NMI watchdog: Watchdog detected ", "Watchdog CPU:", "Watchdog detected ", "INFO: rcu",
    "rcu: INFO: ", "INFO: task ", "mce: [Hardware Error]", "Internal error: ",
    "Bad mode in ", "SError Interrupt on ", "Unhandled exception", "Insufficient stack space ",
    "Out of memory and no killable processes", "sysrq: Trigger a crash",
    "sysrq: SysRq : Trigger a crash", "SysRq : Trigger a crash", "Kernel stack overflow",
    "VFS: Unable to mount root fs", "illegal operation: ", "specification exception: ",
    "monitor event: ", "Severe Machine check interrupt", "Oops: Exception in kernel mode",
    "Oops - ", "Oops [#", "Oops: ",
  ].map { Array($0.utf8) }

  /// Beginnings of lines that count an oops and say no more than one before them may have said: a
  /// `BUG()` ends in the trap of its architecture.
  private static let counts = [
    "Oops", "Internal error: ", "invalid opcode: ", "illegal operation: ", "monitor event: ",
  ].map { Array($0.utf8) }

  private static let panicMark = Array("Kernel panic - not syncing".utf8)
  private static let panicEnd = Array("end Kernel panic".utf8)
  private static let taintMark = Array("Tainted: ".utf8)
  private static let untainted = Array("Not tainted".utf8)
  /// Longest text that is kept of a line.
  private static let longest = 1024

  /// Looks at one more record; programs may write what they want (`/dev/kmsg`).
  package mutating func add(_ record: LogRecord) {
    guard record.facility ?? 0 == 0 else { return }
    for line in record.text.split(separator: UInt8(ascii: "\n")) {
      add(line.prefix(LogVerdict.longest))
    }
  }

  private mutating func add(_ line: ArraySlice<UInt8>) {
    if let rest = LogVerdict.rest(of: line, behind: LogVerdict.panicMark),
      LogVerdict.rest(of: line, behind: LogVerdict.panicEnd) == nil
    {
      panic = LogVerdict.text(rest.drop { $0 == UInt8(ascii: ":") })
    }
    if LogVerdict.countsOops(line) { oops = LogVerdict.text(line) }
    if LogVerdict.causes.contains(where: { line.starts(with: $0) }) {
      // A line that counts an oops tells less than the one before it.
      let isWeak = LogVerdict.counts.contains { line.starts(with: $0) }
      if !isWeak || !isExplained { cause = LogVerdict.text(line) }
      isExplained = !isWeak
    }
    if let rest = LogVerdict.rest(of: line, behind: LogVerdict.taintMark) {
      let flags = LogVerdict.flags(rest)
      if !flags.isEmpty, taint == nil || rest.first != UInt8(ascii: "[") { taint = flags }
    } else if LogVerdict.rest(of: line, behind: LogVerdict.untainted) != nil {
      taint = "Not tainted"
    }
  }

  /// The letters behind `Tainted: `, where the release follows them, without the blanks between
  /// them (`print_tainted`, `kernel/panic.c`); of the form with words its letters.
  private static func flags(_ rest: ArraySlice<UInt8>) -> String {
    var flags = ""
    if rest.first == UInt8(ascii: "[") {
      for part in rest.split(separator: UInt8(ascii: ",")) {
        let letter = part.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "[") }.first
        if let letter, (0x41...0x5a).contains(letter) { flags += String(UnicodeScalar(letter)) }
      }
      return flags
    }
    for word in rest.split(separator: UInt8(ascii: " ")) {
      guard word.allSatisfy({ (0x41...0x5a).contains($0) }) else { break }
      flags += String(decoding: word, as: UTF8.self)
    }
    return flags
  }

  /// Whether `[#1]` or another number stands in a line.
  private static func countsOops(_ line: ArraySlice<UInt8>) -> Bool {
    guard let rest = rest(of: line, behind: Array("[#".utf8)) else { return false }
    let digits = rest.prefix { (0x30...0x39).contains($0) }
    return !digits.isEmpty && rest.dropFirst(digits.count).first == UInt8(ascii: "]")
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
  }

  /// What stands behind the first place of some text.
  private static func rest(
    of line: ArraySlice<UInt8>, behind mark: [UInt8]
  ) -> ArraySlice<UInt8>? {
    guard let first = mark.first else { return line }
    var rest = line
    while let place = rest.firstIndex(of: first) {
      rest = rest[place...]
      if rest.starts(with: mark) { return rest.dropFirst(mark.count) }
      rest = rest.dropFirst()
    }
    return nil
  }
}
