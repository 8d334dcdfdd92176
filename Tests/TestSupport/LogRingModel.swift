/// The lockless ring of Linux 5.10 and later, written record by record.
struct LogRingModel {
  private let model: KernelLogModel
  private let word: Int
  /// Sizes of `struct printk_info` and of what stands before `dev_info`.
  private let infoSize: Int
  private let deviceOffset: Int
  private let count: UInt64
  private let size: UInt64
  private let ids: UInt64

  private var states: [UInt64]
  private var blocks: [(begin: UInt64, next: UInt64)]
  private var infos: [KernelLogModel.Entry?]
  private var data: [UInt8]
  private var head: UInt64
  private var tail: UInt64
  private var headPosition: UInt64
  private var tailPosition: UInt64

  init(_ model: KernelLogModel) {
    self.model = model
    word = model.wordSize
    infoSize = model.form == .context ? 112 : 88
    deviceOffset = model.form == .context ? 44 : 24
    count = 1 << UInt64(model.bits - 5)
    size = 1 << UInt64(model.bits)
    ids = word == 8 ? .max >> 2 : 0x3fff_ffff
    let positions: UInt64 = word == 8 ? .max : 0xffff_ffff
    states = [UInt64](repeating: 0, count: Int(count))
    blocks = Array(repeating: (0, 0), count: Int(count))
    infos = Array(repeating: nil, count: Int(count))
    data = [UInt8](repeating: 0, count: Int(size))
    head = (0 &- (count + 1)) & ids
    tail = head
    headPosition = (0 &- size) & positions
    tailPosition = headPosition
    set(head, .reusable)
    blocks[index(head)] = (1, 1)
    for (number, entry) in model.entries.enumerated() {
      var entry = entry
      entry.sequence = UInt64(number)
      append(entry)
    }
  }

  private func index(_ id: UInt64) -> Int { Int(id & (count - 1)) }

  private mutating func set(_ id: UInt64, _ state: KernelLogModel.State) {
    states[index(id)] = state.rawValue << UInt64(word * 8 - 2) | id
  }

  private func holds(_ id: UInt64) -> Bool {
    let value = states[index(id)]
    let state = value >> UInt64(word * 8 - 2)
    return value & ids == id && (state == 1 || state == 2)
  }

  private mutating func append(_ entry: KernelLogModel.Entry) {
    let id = (head &+ 1) & ids
    if (id &- tail) & ids >= count {
      if holds(tail) { free(tail) }
      tail = (tail &+ 1) & ids
    }
    head = id
    infos[index(id)] = entry
    if entry.text.isEmpty {
      blocks[index(id)] = (3, 3)
    } else {
      write(entry.text, for: id)
    }
    set(id, entry.state)
  }

  /// Makes a record reusable, with what it holds of the text ring.
  private mutating func free(_ id: UInt64) {
    set(id, .reusable)
    let block = blocks[index(id)]
    if block.begin & 1 == 0 { tailPosition = block.next }
  }

  private mutating func write(_ text: [UInt8], for id: UInt64) {
    let positions: UInt64 = word == 8 ? .max : 0xffff_ffff
    let need = UInt64((word + text.count + word - 1) / word * word)
    let begin = headPosition
    var next = (begin &+ need) & positions
    var place = begin % size
    if begin / size != next / size {
      next = (next / size * size &+ need) & positions
      place = 0
    }
    var oldest = tail
    while (next &- tailPosition) & positions > size, oldest != id {
      if holds(oldest) { free(oldest) }
      oldest = (oldest &+ 1) & ids
    }
    headPosition = next
    blocks[index(id)] = (begin, next)
    let bytes = model.order.bytes(id, width: word) + text
    data.replaceSubrange(Int(place)..<Int(place) + bytes.count, with: bytes)
    let start = Int(begin % size)
    data.replaceSubrange(start..<start + word, with: model.order.bytes(id, width: word))
  }

  /// The records that a reader finds.
  var left: [KernelLogModel.Entry] {
    var left: [KernelLogModel.Entry] = []
    var id = tail
    while true {
      if holds(id), let entry = infos[index(id)] { left.append(entry) }
      if id == head { return left }
      id = (id &+ 1) & ids
    }
  }

  // The parts behind each other: the variable `prb`, the ring, descriptors, heads, texts.
  private var ringStart: UInt64 { model.start + 64 }
  private var descriptorStart: UInt64 { model.start + 256 }
  private var infoStart: UInt64 { descriptorStart + count * UInt64(3 * word) }
  private var dataStart: UInt64 { infoStart + count * UInt64(infoSize) }
  private var descriptorRingSize: Int { word == 8 ? 48 : 24 }

  func bytes() -> [UInt8] {
    let order = model.order
    func pointer(_ value: UInt64) -> [UInt8] { order.bytes(value, width: word) }
    func number(_ value: Int) -> [UInt8] {
      order.bytes(UInt64(value), width: 4) + [UInt8](repeating: 0, count: word - 4)
    }
    var bytes = pointer(ringStart)
    bytes += [UInt8](repeating: 0, count: 64 - bytes.count)
    bytes += number(model.bits - 5) + pointer(descriptorStart) + pointer(infoStart)
    bytes += pointer(head) + pointer(tail) + pointer(0)
    bytes += number(model.bits) + pointer(dataStart) + pointer(headPosition)
    bytes += pointer(tailPosition) + pointer(0)
    bytes += [UInt8](repeating: 0, count: 256 - bytes.count)
    for index in states.indices {
      bytes += pointer(states[index]) + pointer(blocks[index].begin) + pointer(blocks[index].next)
    }
    for entry in infos { bytes += info(entry) }
    return bytes + data
  }

  private func info(_ entry: KernelLogModel.Entry?) -> [UInt8] {
    guard let entry else { return [UInt8](repeating: 0, count: infoSize) }
    let order = model.order
    var bytes = order.bytes(entry.sequence, width: 8) + order.bytes(entry.nanoseconds, width: 8)
    bytes += order.bytes(UInt64(entry.text.count), width: 2)
    bytes += [entry.facility, model.flags(entry.level)]
    bytes += order.bytes(UInt64(entry.caller), width: 4)
    bytes += [UInt8](repeating: 0x63, count: deviceOffset - bytes.count)
    for (text, size) in [(entry.subsystem, 16), (entry.device, 48)] {
      let letters = Array(text.utf8.prefix(size - 1))
      bytes += letters + [UInt8](repeating: 0, count: size - letters.count)
    }
    return bytes + [UInt8](repeating: 0, count: infoSize - bytes.count)
  }

  var information: [String] {
    func offset(_ member: String, _ value: Int) -> String { "OFFSET(\(member))=\(value)" }
    let ring = descriptorRingSize
    return [
      "SYMBOL(prb)=" + String(model.start, radix: 16), "SIZE(printk_ringbuffer)=\(ring + 5 * word)",
      offset("printk_ringbuffer.desc_ring", 0), offset("printk_ringbuffer.text_data_ring", ring),
      offset("printk_ringbuffer.fail", ring + 4 * word), "SIZE(prb_desc_ring)=\(ring)",
      offset("prb_desc_ring.count_bits", 0), offset("prb_desc_ring.descs", word),
      offset("prb_desc_ring.infos", 2 * word), offset("prb_desc_ring.head_id", 3 * word),
      offset("prb_desc_ring.tail_id", 4 * word), "SIZE(prb_desc)=\(3 * word)",
      offset("prb_desc.state_var", 0), offset("prb_desc.text_blk_lpos", word),
      "SIZE(prb_data_blk_lpos)=\(2 * word)", offset("prb_data_blk_lpos.begin", 0),
      offset("prb_data_blk_lpos.next", word), "SIZE(printk_info)=\(infoSize)",
      offset("printk_info.seq", 0), offset("printk_info.ts_nsec", 8),
      offset("printk_info.text_len", 16), offset("printk_info.caller_id", 20),
      offset("printk_info.dev_info", deviceOffset), "SIZE(dev_printk_info)=64",
      offset("dev_printk_info.subsystem", 0), "LENGTH(printk_info_subsystem)=16",
      offset("dev_printk_info.device", 16), "LENGTH(printk_info_device)=48",
      "SIZE(prb_data_ring)=\(4 * word)", offset("prb_data_ring.size_bits", 0),
      offset("prb_data_ring.data", word), offset("prb_data_ring.head_lpos", 2 * word),
      offset("prb_data_ring.tail_lpos", 3 * word), "SIZE(atomic_long_t)=\(word)",
      offset("atomic_long_t.counter", 0),
    ]
  }

  /// Where parts lie from the start, for tests that damage them.
  func descriptorPlace(ofRecord number: Int) -> Int {
    Int(descriptorStart - model.start) + number % Int(count) * 3 * word
  }
}

extension KernelLogModel {
  /// The offset of the descriptor of a record in the bytes of a ring.
  package func descriptorPlace(ofRecord number: Int) -> Int {
    LogRingModel(self).descriptorPlace(ofRecord: number)
  }
}
