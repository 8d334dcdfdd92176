/// A kernel's log as kernels of three times keep it, for tests: records are written one after the
/// other as their `printk` does it, so that the oldest ones are overwritten.
package struct KernelLogModel: Sendable, Equatable {
  /// How the log is kept.
  package enum Form: String, Sendable, Equatable, CaseIterable {
    /// The lockless ring.
    case ring
    /// The same with what Linux 6.18 and later notes of the task.
    case context
    /// The buffer of records.
    case records
    /// The same with `caller_id`.
    case callers
    /// The same as Linux 3.6 to 3.10 name it in vmcoreinfo.
    case log
    /// The same as Linux 3.5 does not describe it.
    case bare
    /// Text.
    case text
  }

  /// What became of a record of the ring.
  package enum State: UInt64, Sendable, Equatable {
    case reserved, committed, finalized, reusable
  }

  /// One record.
  package struct Entry: Sendable, Equatable {
    package var nanoseconds: UInt64 = 0
    package var facility: UInt8 = 0
    package var level: UInt8 = 6
    package var caller: UInt32 = 0
    package var text: [UInt8] = []
    package var subsystem = ""
    package var device = ""
    package var state = State.finalized
    /// Set as it is written.
    package var sequence: UInt64 = 0

    /// A record of a text.
    package init(_ text: String) {
      self.text = Array(text.utf8)
    }
  }

  package var form: Form
  /// Virtual address of all of it.
  package var start: UInt64
  package var order: RecipeOrder
  package var wordSize: Int
  /// The text ring or the buffer has 2^bits bytes, the ring of descriptors 2^(bits - 5) places.
  package var bits: Int
  /// The records in the order in which they are written.
  package var entries: [Entry]

  /// A log from its parts.
  package init(
    _ form: Form, at start: UInt64, order: RecipeOrder, wordSize: Int, bits: Int = 12,
    _ entries: [Entry] = []
  ) {
    self.form = form
    self.start = start
    self.order = order
    self.wordSize = wordSize
    self.bits = bits
    self.entries = entries
  }

  /// The lines of vmcoreinfo that lead to it.
  package var information: [String] {
    switch form {
    case .ring, .context: ring.information
    case .records, .callers, .log, .bare: buffer.information
    case .text:
      ["log_buf", "log_end", "log_buf_len"].enumerated().map {
        "SYMBOL(\($1))=" + String(start + UInt64($0 * 8), radix: 16)
      }
    }
  }

  /// Its bytes.
  package func bytes() -> [UInt8] {
    switch form {
    case .ring, .context: ring.bytes()
    case .records, .callers, .log, .bare: buffer.bytes()
    case .text: textBytes()
    }
  }

  /// The records that are left to be read, the oldest first; of text none.
  package var left: [Entry] {
    switch form {
    case .ring, .context: ring.left
    case .records, .callers, .log, .bare: buffer.left
    case .text: []
    }
  }

  /// What `makedumpfile --dump-dmesg` prints of it.
  package var text: [UInt8] {
    if form == .text { return Array(lines.suffix(1 << bits)) }
    return left.flatMap { entry -> [UInt8] in
      if entry.text.isEmpty, form == .ring || form == .context { return [] }
      let head = "[" + KernelLogModel.time(entry.nanoseconds, width: 5) + "] "
      let lines = entry.text.split(
        separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      let indent = String(repeating: " ", count: head.utf8.count)
      return Array(head.utf8) + Array(lines.joined(separator: Array("\n\(indent)".utf8)))
        + [UInt8(ascii: "\n")]
    }
  }

  private var ring: LogRingModel { LogRingModel(self) }
  private var buffer: LogBufferModel { LogBufferModel(self) }

  /// The text that was ever written in the form of kernels before 3.5.
  private var lines: [UInt8] {
    entries.flatMap { entry in
      Array(
        "<\(entry.facility * 8 + entry.level)>[\(Self.time(entry.nanoseconds, width: 5))] ".utf8)
        + entry.text + [UInt8(ascii: "\n")]
    }
  }

  /// `log_buf`, `log_end` and `log_buf_len`, 8 bytes each, then the text.
  private func textBytes() -> [UInt8] {
    let size = 1 << bits
    var ring = [UInt8](repeating: 0, count: size)
    for (index, byte) in lines.enumerated() { ring[index % size] = byte }
    return order.bytes(start + 64, width: wordSize) + [UInt8](repeating: 0, count: 8 - wordSize)
      + order.bytes(UInt64(lines.count), width: 4) + [0, 0, 0, 0]
      + order.bytes(UInt64(size), width: 4) + [UInt8](repeating: 0, count: 44) + ring
  }

  private static func time(_ nanoseconds: UInt64, width: Int) -> String {
    let seconds = String(nanoseconds / 1_000_000_000)
    let micros = String(nanoseconds % 1_000_000_000 / 1000)
    return String(repeating: " ", count: max(0, width - seconds.count)) + seconds + "."
      + String(repeating: "0", count: 6 - micros.count) + micros
  }

  /// The bit fields `flags:5` and `level:3`, with `LOG_NEWLINE`.
  func flags(_ level: UInt8) -> UInt8 {
    order == .little ? 2 | level << 5 : 2 << 3 | level
  }
}
