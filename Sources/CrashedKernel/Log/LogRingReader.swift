internal import Bytes
internal import MemoryImages

/// Gives the records of the lockless ring as the kernel's own readers see them: what is being
/// written or overwritten is none (`desc_read_finalized_seq`), but a text that could have been
/// continued is shown, since nobody will continue it.
struct LogRingReader: LogReader {
  private(set) var damage = LogDamage()
  private let ring: LogRing
  private let rules: LogRingRules
  /// Number of the next descriptor.
  private var upcoming: UInt64
  private var left: UInt64
  /// Bytes of text that can still come: blocks do not overlap.
  private var room: UInt64
  private var descriptors: MemoryWindow
  private var infos: MemoryWindow
  private var texts: MemoryWindow

  /// Records that are paid for at a time.
  private static let stretch: UInt64 = 256

  init(_ ring: LogRing) throws(ReadError) {
    self.ring = ring
    descriptors = MemoryWindow(ring.memory)
    infos = MemoryWindow(ring.memory)
    texts = MemoryWindow(ring.memory)
    room = ring.size
    let span = try LogRingSpan(ring, &descriptors)
    for fault in [ring.fault, span.fault] {
      if let fault { damage.note(fault) }
    }
    upcoming = span.first
    left = span.count
    rules = try LogRingRules(ring, span)
  }

  mutating func next() throws(ReadError) -> LogRecord? {
    while left > 0 {
      let number = upcoming
      upcoming = (number &+ 1) & ring.numbers
      left -= 1
      if left % LogRingReader.stretch == 0 {
        try ring.memory.memory.budget?.spend(
          LogRingReader.stretch, .parsing, on: "the records of the log")
      }
      if let record = try record(number) { return record }
    }
    return nil
  }

  private mutating func record(_ number: UInt64) throws(ReadError) -> LogRecord? {
    guard let descriptor = try ring.descriptor(number, &descriptors) else {
      damage.note("the image lacks descriptor \(number.hex)")
      return nil
    }
    guard descriptor.number == number, descriptor.isWritten else {
      pass(descriptor, of: number)
      return nil
    }
    guard let info = try ring.info(number, &infos) else {
      damage.note("the image lacks the head of record \(number.hex)")
      return nil
    }
    guard var record = LogRecord(info, ring.layout.info) else {
      damage.note("the head of record \(number.hex) is shorter than vmcoreinfo says")
      return nil
    }
    if let wanted = rules.sequence(of: number), let sequence = record.sequence, wanted != sequence {
      damage.note("record \(number.hex) is number \(sequence), expected \(wanted)")
      return nil
    }
    if descriptor.state == .committed { record.condition = .unfinished }
    let length = (try? info.peek(at: ring.layout.info.textLength, UInt16.self)) ?? 0
    return try add(descriptor, UInt64(length), to: &record) ? record : nil
  }

  /// A descriptor that holds no record.
  private mutating func pass(_ descriptor: LogRing.Descriptor, of number: UInt64) {
    let previous = (number &- ring.count) & ring.numbers
    if descriptor.number == number, descriptor.state == .reserved {
      damage.unfinished += 1
    } else if descriptor.number == number {
      // The one before the first record, which every ring begins with, never held any.
      if ring.block(descriptor) != .failed { damage.overwritten += 1 }
    } else if descriptor.isFresh || descriptor.number == previous && descriptor.state == .reusable {
      // It was about to be taken.
      damage.unfinished += 1
    } else {
      damage.note(
        "the descriptor of record \(number.hex) is that of \(descriptor.number.hex) "
          + "(\(descriptor.state))")
    }
  }

  /// The text; false where what stands there is another's.
  private mutating func add(
    _ descriptor: LogRing.Descriptor, _ length: UInt64, to record: inout LogRecord
  ) throws(ReadError) -> Bool {
    let range: Range<UInt64>
    switch ring.block(descriptor) {
    case .empty:
      record.condition = .empty
      return true
    case .failed:
      record.condition = .lost
      return true
    case .unsound:
      damage.note(
        "the text of record \(descriptor.number.hex) would lie from \(descriptor.begin.hex) to "
          + descriptor.next.hex)
      return false
    case .bytes(let found): range = found
    }
    let word = UInt64(ring.memory.wordSize)
    let kept = min(length, range.length - word)
    guard kept <= room else {
      damage.note("record \(descriptor.number.hex): the texts are longer than their ring")
      left = 0
      return false
    }
    room -= kept
    let place = ring.texts &+ range.lowerBound
    guard let owner = try texts.word(at: place, ring.memory),
      let text = try texts.read(at: place &+ word, count: Int(kept))
    else {
      damage.note("the image lacks the text of record \(descriptor.number.hex)")
      record.condition = .lost
      return true
    }
    if rules.areBlocksNumbered, owner & ring.numbers != descriptor.number {
      damage.note("the text of record \(descriptor.number.hex) is that of \(owner.hex)")
      return false
    }
    record.text = text
    if kept < length {
      damage.note(
        "the text of record \(descriptor.number.hex) has \(kept) bytes, expected \(length)")
      record.condition = .cut
    }
    return true
  }
}

extension MemoryWindow {
  /// A word of the kernel.
  mutating func word(at address: UInt64, _ memory: VirtualMemory) throws(ReadError) -> UInt64? {
    guard let bytes = try read(at: address, count: memory.wordSize) else { return nil }
    var reader = ByteReader(bytes, order: memory.order)
    return try? reader.readWord(size: memory.wordSize)
  }
}

extension LogRecord {
  /// `struct printk_info` without its text; nil where it is too short. `facility` and the flags
  /// stand behind `text_len` in every release.
  fileprivate init?(_ info: ByteReader, _ layout: LogRingLayout.Info) {
    guard let sequence = try? info.peek(at: layout.sequence, UInt64.self),
      let time = try? info.peek(at: layout.time, UInt64.self),
      let facility = try? info.peek(at: layout.textLength + 2, UInt8.self),
      let flags = try? info.peek(at: layout.textLength + 3, UInt8.self)
    else { return nil }
    self.init()
    self.sequence = sequence
    self.time = time
    self.facility = facility
    level = LogFlags.level(flags, isLittleEndian: info.order == .little)
    caller = layout.caller.flatMap { try? info.peek(at: $0, UInt32.self) }.map(LogCaller.init)
    for (name, range) in [("SUBSYSTEM", layout.subsystem), ("DEVICE", layout.device)] {
      guard let range, range.upperBound <= info.bytes.count else { continue }
      let value = info.bytes[range].prefix { $0 != 0 }
      if !value.isEmpty { fields.append(Field(name: Array(name.utf8), value: Array(value))) }
    }
  }
}
