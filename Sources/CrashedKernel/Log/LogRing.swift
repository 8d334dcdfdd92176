internal import Bytes

/// The lockless ring of records (Linux 5.10 and later): descriptors in a ring, with a ring of texts
/// beside them. Source: `kernel/printk/printk_ringbuffer.c`.
struct LogRing: Sendable {
  let layout: LogRingLayout
  let memory: VirtualMemory
  /// Number of descriptors: a power of two.
  let count: UInt64
  /// Virtual address of the first descriptor.
  let descriptors: UInt64
  /// Virtual address of the first `struct printk_info`.
  let infos: UInt64
  /// Number of the newest descriptor.
  let head: UInt64
  /// Number of the oldest descriptor.
  let tail: UInt64
  /// Size of the text ring: a power of two.
  let size: UInt64
  /// Virtual address of the texts.
  let texts: UInt64
  /// Why it is not the ring that the kernel used last.
  private(set) var fault: String?

  /// Largest ring that is believed: 2²² records, 128 MiB of text. Kernels have 2¹² to 2²⁰ records.
  private static let largestCountBits: UInt32 = 22
  private static let largestSizeBits: UInt32 = 27

  /// Follows `prb`, else takes the ring that kernels begin with.
  static func read(_ kernel: Kernel) throws(ReadError) -> Answer<LogRing> {
    guard let symbol = try kernel.address(of: "prb") else {
      return .absent("nothing tells where the log is: there is no symbol prb")
    }
    let layout: LogRingLayout
    do throws(MissingLogKey) { layout = try LogRingLayout(kernel.information) } catch {
      return .corrupt(error.text)
    }
    let memory = try kernel.memory()
    let answer =
      switch try memory.pointer(at: symbol) {
      case .found(let address): try read(layout, at: address, in: memory)
      case .unreadable(let why): Answer<LogRing>.corrupt("prb at \(symbol.hex): \(why)")
      }
    guard case .corrupt(let why) = answer, let first = try kernel.address(of: "printk_rb_static"),
      case .found(var ring) = try read(layout, at: first, in: memory)
    else { return answer }
    ring.fault = "\(why): the ring that kernels begin with is read"
    return .found(ring)
  }

  private static func read(
    _ layout: LogRingLayout, at address: UInt64, in memory: VirtualMemory
  ) throws(ReadError) -> Answer<LogRing> {
    switch try memory.read(at: address, count: layout.size) {
    case .unreadable(let why):
      return .corrupt("prb points at \(address.hex): \(why)")
    case .found(let bytes):
      let reader = ByteReader(bytes, order: memory.order)
      guard let ring = try? LogRing(layout, reader, memory) else {
        return .corrupt("the ring at \(address.hex) has no room for what vmcoreinfo places in it")
      }
      return ring.answer(at: address, reader)
    }
  }

  /// The ring, where its dimensions can be true.
  private func answer(at address: UInt64, _ reader: ByteReader) -> Answer<LogRing> {
    let bits = try? reader.peek(at: layout.descriptors.countBits, UInt32.self)
    let textBits = try? reader.peek(at: layout.data.sizeBits, UInt32.self)
    guard count > 0 else {
      return .corrupt(
        "the ring at \(address.hex) has count_bits \(bits ?? 0), expected 1 to "
          + "\(LogRing.largestCountBits)")
    }
    guard size > 0 else {
      return .corrupt(
        "the ring at \(address.hex) has size_bits \(textBits ?? 0), expected 4 to "
          + "\(LogRing.largestSizeBits)")
    }
    return .found(self)
  }

  /// The ring's fields; dimensions that cannot be true become 0.
  private init(
    _ layout: LogRingLayout, _ reader: ByteReader, _ memory: VirtualMemory
  ) throws(ShortRecord) {
    func word(_ offset: Int) throws(ShortRecord) -> UInt64 {
      var reader = ByteReader(reader.bytes, order: reader.order, at: offset)
      return try reader.readWord(size: memory.wordSize)
    }
    self.layout = layout
    self.memory = memory
    let countBits = try reader.peek(at: layout.descriptors.countBits, UInt32.self)
    let sizeBits = try reader.peek(at: layout.data.sizeBits, UInt32.self)
    count = (1...LogRing.largestCountBits).contains(countBits) ? 1 << UInt64(countBits) : 0
    size = (4...LogRing.largestSizeBits).contains(sizeBits) ? 1 << UInt64(sizeBits) : 0
    descriptors = try word(layout.descriptors.descriptors)
    infos = try word(layout.descriptors.infos)
    texts = try word(layout.data.data)
    let numbers = LogRing.numbers(wordSize: memory.wordSize)
    head = try word(layout.descriptors.head) & numbers
    tail = try word(layout.descriptors.tail) & numbers
  }

  /// The bits of a word that number a descriptor; the two above them are its state.
  private static func numbers(wordSize: Int) -> UInt64 {
    wordSize == 8 ? .max >> 2 : UInt64(UInt32.max >> 2)
  }

  /// The bits of a number (`DESC_ID_MASK`).
  var numbers: UInt64 { LogRing.numbers(wordSize: memory.wordSize) }

  /// The bits of a position in the text ring.
  private var positions: UInt64 { memory.wordSize == 8 ? .max : UInt64(UInt32.max) }
}

extension LogRing {
  /// `enum desc_state`: the two highest bits.
  enum State: UInt64 {
    case reserved, committed, finalized, reusable
  }

  /// `struct prb_desc`
  struct Descriptor {
    var number: UInt64
    var state: State
    /// Logical positions of the text block.
    var begin: UInt64
    var next: UInt64

    /// Whether a record is there.
    var isWritten: Bool { state == .committed || state == .finalized }
    /// Whether it was never used: all is zero.
    var isFresh: Bool { number == 0 && state == .reserved }
  }

  /// The descriptor whose place is that of a number; nil where the image lacks it.
  func descriptor(
    _ number: UInt64, _ window: inout MemoryWindow
  ) throws(ReadError) -> Descriptor? {
    let place = descriptors &+ (number & (count - 1)) &* UInt64(layout.descriptor.size)
    guard let bytes = try window.read(at: place, count: layout.descriptor.size) else { return nil }
    func word(_ offset: Int) -> UInt64? {
      var reader = ByteReader(bytes, order: memory.order, at: offset)
      return try? reader.readWord(size: memory.wordSize)
    }
    guard let value = word(layout.descriptor.state), let begin = word(layout.descriptor.begin),
      let next = word(layout.descriptor.next),
      let state = State(rawValue: value >> UInt64(memory.wordSize * 8 - 2))
    else { return nil }
    return Descriptor(number: value & numbers, state: state, begin: begin, next: next)
  }

  /// The bytes of the `struct printk_info` of a number; nil where the image lacks it.
  func info(_ number: UInt64, _ window: inout MemoryWindow) throws(ReadError) -> ByteReader? {
    let place = infos &+ (number & (count - 1)) &* UInt64(layout.info.size)
    return try window.read(at: place, count: layout.info.size)
      .map { ByteReader($0, order: memory.order) }
  }
}

extension LogRing {
  /// Where the text of a descriptor is.
  enum Block: Equatable {
    /// `EMPTY_LINE_LPOS`: an empty text.
    case empty
    /// `FAILED_LPOS`: there was no room for it.
    case failed
    /// Bytes of the text ring, which begin with the number of the descriptor.
    case bytes(Range<UInt64>)
    /// Positions that no block can have.
    case unsound
  }

  /// What two logical positions say (`get_data`).
  func block(_ descriptor: Descriptor) -> Block {
    let (begin, next) = (descriptor.begin, descriptor.next)
    let word = UInt64(memory.wordSize)
    if begin & next & 1 != 0 { return begin == 3 && next == 3 ? .empty : .failed }
    guard begin % word == 0, next % word == 0 else { return .unsound }
    // Its last byte tells where it lies: in newer kernels a block may end where the ring does.
    let last = (next &- 1) & positions
    let start = begin & (size - 1)
    if begin / size == last / size {
      let length = (next &- begin) & positions
      return length >= word && length <= size - start ? .bytes(start..<start + length) : .unsound
    }
    // A block that would reach beyond the end begins at the start instead.
    let end = next & (size - 1)
    guard ((begin &+ size) & positions) / size == last / size, end >= word else { return .unsound }
    return .bytes(0..<end)
  }
}
