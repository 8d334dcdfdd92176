internal import Bytes
internal import DumpRecords

/// The buffer of records one behind the other (Linux 3.5 to 5.9), each as long as it says: a head,
/// the text, the dictionary. Source: `kernel/printk/printk.c` (`struct printk_log`).
struct LogBuffer: Sendable {
  /// Where things stand in the head of a record.
  struct Layout: Equatable, Sendable {
    var size = 16
    var time = 0
    var length = 8
    var textLength = 10
    var dictionaryLength = 12
    var caller: Int?

    /// The keys of vmcoreinfo, which call the structure `log` before 3.11; without them the layout
    /// is that of Linux 3.5, which has none.
    init(_ information: VMCoreInfo) throws(MissingLogKey) {
      let names = ["printk_log", "log"]
      guard let name = names.first(where: { information["SIZE(\($0))"] != nil }) else { return }
      let keys = LogKeys(information)
      size = try keys.size(name)
      time = try keys.offset("\(name).ts_nsec")
      length = try keys.offset("\(name).len")
      textLength = try keys.offset("\(name).text_len")
      dictionaryLength = (try? keys.offset("\(name).dict_len")) ?? textLength + 2
      caller = try? keys.offset("\(name).caller_id")
    }

    /// Bytes of the head that are read: `facility` and the flags stand behind `dict_len`.
    var end: Int {
      max(size, max(time + 8, max(length + 2, max(textLength + 2, dictionaryLength + 4))))
    }
  }

  /// The head of a record.
  struct Head {
    var time: UInt64
    var length: UInt64
    var textLength: UInt64
    var dictionaryLength: UInt64
    var facility: UInt8
    var level: UInt8
    var caller: UInt32?

    /// Whether it is the mark behind the last record before the buffer's end.
    var isEnd: Bool { length == 0 }
  }

  let layout: Layout
  let memory: VirtualMemory
  /// Virtual address of the buffer.
  let start: UInt64
  /// Its size in bytes.
  let size: UInt64
  /// Offset of the oldest record.
  let first: UInt64
  /// Offset behind the newest one.
  let next: UInt64

  /// Follows the variables that vmcoreinfo names.
  static func read(_ kernel: Kernel) throws(ReadError) -> Answer<LogBuffer> {
    let layout: Layout
    do throws(MissingLogKey) { layout = try Layout(kernel.information) } catch {
      return .corrupt(error.text)
    }
    let memory = try kernel.memory()
    let answer = try LogVariables.read(kernel, ["log_first_idx", "log_next_idx"], in: memory)
    return answer.then { found in
      let (first, next) = (UInt64(found.numbers[0]), UInt64(found.numbers[1]))
      guard first < found.size, next <= found.size else {
        return .corrupt(
          "log_first_idx is \(first) and log_next_idx \(next), expected less than log_buf_len "
            + "\(found.size)")
      }
      return .found(
        LogBuffer(
          layout: layout, memory: memory, start: found.start, size: found.size, first: first,
          next: next))
    }
  }

  /// The head at an offset; nil where the image lacks it.
  func head(at offset: UInt64, _ window: inout MemoryWindow) throws(ReadError) -> Head? {
    let count = min(layout.end, Int(size - min(size, offset)))
    guard let bytes = try window.read(at: start &+ offset, count: count) else { return nil }
    let reader = ByteReader(bytes, order: memory.order)
    guard let time = try? reader.peek(at: layout.time, UInt64.self),
      let length = try? reader.peek(at: layout.length, UInt16.self),
      let textLength = try? reader.peek(at: layout.textLength, UInt16.self),
      let dictionaryLength = try? reader.peek(at: layout.dictionaryLength, UInt16.self),
      let facility = try? reader.peek(at: layout.dictionaryLength + 2, UInt8.self),
      let flags = try? reader.peek(at: layout.dictionaryLength + 3, UInt8.self)
    else { return nil }
    return Head(
      time: time, length: UInt64(length), textLength: UInt64(textLength),
      dictionaryLength: UInt64(dictionaryLength), facility: facility,
      level: LogFlags.level(flags, isLittleEndian: memory.order == .little),
      caller: layout.caller.flatMap { try? reader.peek(at: $0, UInt32.self) })
  }

  /// Whether a record can stand at an offset: it has room for its parts and little more.
  func isSound(_ head: Head, at offset: UInt64) -> Bool {
    let used = UInt64(layout.size) + head.textLength + head.dictionaryLength
    return head.length >= used && head.length < used + 8 && head.length % 4 == 0
      && head.length <= size - offset
  }
}

/// The variables that every log before 5.10 has: `log_buf`, `log_buf_len` and some numbers.
struct LogVariables {
  let start: UInt64
  let size: UInt64
  let numbers: [UInt32]

  /// Largest buffer that is believed.
  private static let largest: UInt32 = 1 << 27

  static func read(
    _ kernel: Kernel, _ names: [String], in memory: VirtualMemory
  ) throws(ReadError) -> Answer<LogVariables> {
    var numbers: [UInt32] = []
    for name in ["log_buf_len"] + names {
      guard let place = try kernel.address(of: name) else {
        return .absent("nothing tells where the log is: there is no symbol \(name)")
      }
      switch try memory.read(UInt32.self, at: place) {
      case .found(let number): numbers.append(number)
      case .unreadable(let why): return .corrupt("\(name) at \(place.hex): \(why)")
      }
    }
    guard let place = try kernel.address(of: "log_buf") else {
      return .absent("nothing tells where the log is: there is no symbol log_buf")
    }
    guard (64...largest).contains(numbers[0]) else {
      return .corrupt("log_buf_len is \(numbers[0]), expected 64 to \(largest)")
    }
    switch try memory.pointer(at: place) {
    case .found(let start):
      return .found(
        LogVariables(start: start, size: UInt64(numbers[0]), numbers: Array(numbers.dropFirst())))
    case .unreadable(let why): return .corrupt("log_buf at \(place.hex): \(why)")
    }
  }
}
