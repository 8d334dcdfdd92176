/// One record of a kernel's log: what one `printk` left.
package struct LogRecord: Equatable, Sendable {
  /// How much of a record is there.
  package enum Condition: String, Equatable, Sendable, CaseIterable {
    /// All of it.
    case whole
    /// All that was written; its writer could have gone on (`desc_committed`).
    case unfinished
    /// Its text was longer than what is left of it.
    case cut
    /// An empty line, for which no room was taken.
    case empty
    /// Its text was not kept: there was no room for it.
    case lost
  }

  /// A named value of the dictionary: `SUBSYSTEM=pci`.
  package struct Field: Equatable, Sendable {
    /// Its name.
    package var name: [UInt8]
    /// Its value.
    package var value: [UInt8]
  }

  /// Its number, counted from the start of the kernel; nil where the log does not tell.
  package var sequence: UInt64?
  /// Nanoseconds since the kernel's clock began; nil where it has no time.
  package var time: UInt64?
  /// `LOG_KERN` and so on, as in syslog; nil where it has none.
  package var facility: UInt8?
  /// 0 (`LOG_EMERG`) to 7 (`LOG_DEBUG`); nil where it has none.
  package var level: UInt8?
  /// Who wrote it, where kernels note that (`caller_id`).
  package var caller: LogCaller?
  /// The text, of which lines may be parted by line ends.
  package var text: [UInt8] = []
  /// What stands before the text in the log of kernels before 3.5: `<6>[    0.000000] `.
  package var prefix: [UInt8]?
  /// The dictionary.
  package var fields: [Field] = []
  /// How much of it is there.
  package var condition = Condition.whole

  /// A record of a text, of which nothing else is known.
  package init(text: [UInt8] = []) {
    self.text = text
  }
}

/// Who wrote a record: a task, or a processor outside of any (`printk_caller_id`,
/// `kernel/printk/printk.c`).
package enum LogCaller: Equatable, Sendable {
  /// A task by its number.
  case task(UInt32)
  /// A processor by its number.
  case processor(UInt32)

  /// The top bit tells one from the other.
  package init(_ identifier: UInt32) {
    let number = identifier & 0x7fff_ffff
    self = identifier == number ? .task(number) : .processor(number)
  }
}

/// The byte behind `facility`: `flags:5` and `level:3`. Compilers put the first bit field into the
/// lowest bits on little-endian machines, into the highest on others.
enum LogFlags {
  /// The level.
  static func level(_ byte: UInt8, isLittleEndian: Bool) -> UInt8 {
    isLittleEndian ? byte >> 5 : byte & 7
  }
}
