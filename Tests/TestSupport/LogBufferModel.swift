/// The buffer of records of Linux 3.5 to 5.9, written record by record.
struct LogBufferModel {
  private let model: KernelLogModel
  private let size: Int
  private let headSize: Int
  private var data: [UInt8]
  private var first = 0
  private var next = 0
  private var kept: [(entry: KernelLogModel.Entry, length: Int)] = []

  init(_ model: KernelLogModel) {
    self.model = model
    size = 1 << model.bits
    headSize = model.form == .callers ? 20 : 16
    data = [UInt8](repeating: 0, count: size)
    for (number, entry) in model.entries.enumerated() {
      var entry = entry
      entry.sequence = UInt64(number)
      append(entry)
    }
  }

  /// The records that a reader finds.
  var left: [KernelLogModel.Entry] { kept.map(\.entry) }

  private mutating func append(_ entry: KernelLogModel.Entry) {
    var dictionary: [UInt8] = []
    if !entry.subsystem.isEmpty {
      dictionary = Array("SUBSYSTEM=\(entry.subsystem)\0DEVICE=\(entry.device)".utf8)
    }
    let used = headSize + entry.text.count + dictionary.count
    let length = (used + 3) / 4 * 4
    while !hasRoom(for: length), let oldest = kept.first {
      kept.removeFirst()
      first += oldest.length
      if kept.isEmpty || first < size && !isHead(at: first) { first = kept.isEmpty ? next : 0 }
    }
    if next + length + headSize > size {
      data.replaceSubrange(next..<next + headSize, with: [UInt8](repeating: 0, count: headSize))
      if first == next { first = 0 }
      next = 0
    }
    let order = model.order
    var bytes = order.bytes(entry.nanoseconds, width: 8) + order.bytes(UInt64(length), width: 2)
    bytes += order.bytes(UInt64(entry.text.count), width: 2)
    bytes += order.bytes(UInt64(dictionary.count), width: 2)
    bytes += [entry.facility, model.flags(entry.level)]
    if headSize == 20 { bytes += order.bytes(UInt64(entry.caller), width: 4) }
    bytes += entry.text + dictionary
    bytes += [UInt8](repeating: 0, count: length - bytes.count)
    data.replaceSubrange(next..<next + length, with: bytes)
    next += length
    kept.append((entry, length))
  }

  /// Whether a record stands at an offset, not the mark behind the last one before the end.
  private func isHead(at offset: Int) -> Bool {
    model.order.value(in: data, at: offset + 8, width: 2) != 0
  }

  /// The kernel keeps room for one more head.
  private func hasRoom(for length: Int) -> Bool {
    if kept.isEmpty { return true }
    let free = next > first ? max(size - next, first) : first - next
    return free >= length + headSize
  }

  /// `log_buf`, `log_buf_len`, `log_first_idx` and `log_next_idx`, 8 bytes each, then the buffer.
  func bytes() -> [UInt8] {
    let order = model.order
    func number(_ value: Int) -> [UInt8] {
      order.bytes(UInt64(value), width: 4) + [0, 0, 0, 0]
    }
    return order.bytes(model.start + 64, width: model.wordSize)
      + [UInt8](repeating: 0, count: 8 - model.wordSize) + number(size) + number(first)
      + number(next) + [UInt8](repeating: 0, count: 32) + data
  }

  var information: [String] {
    let names = ["log_buf", "log_buf_len", "log_first_idx", "log_next_idx"]
    let symbols = names.enumerated().map {
      "SYMBOL(\($1))=" + String(model.start + UInt64($0 * 8), radix: 16)
    }
    guard model.form != .bare else { return symbols }
    let name = model.form == .log ? "log" : "printk_log"
    let keys = [
      "SIZE(\(name))=\(headSize)", "OFFSET(\(name).ts_nsec)=0", "OFFSET(\(name).len)=8",
      "OFFSET(\(name).text_len)=10", "OFFSET(\(name).dict_len)=12",
    ]
    return symbols + keys + (model.form == .callers ? ["OFFSET(printk_log.caller_id)=16"] : [])
  }
}
