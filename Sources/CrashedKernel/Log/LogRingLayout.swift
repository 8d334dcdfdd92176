internal import Bytes
internal import DumpRecords

/// Where things stand in the structures of the lockless ring (Linux 5.10 and later), as vmcoreinfo
/// tells. Source: `kernel/printk/printk_ringbuffer.h`, `log_buf_vmcoreinfo_setup`.
struct LogRingLayout: Equatable, Sendable {
  /// `struct prb_desc_ring`, from the start of `struct printk_ringbuffer`.
  struct Descriptors: Equatable, Sendable {
    var countBits: Int
    var descriptors: Int
    var infos: Int
    var head: Int
    var tail: Int
  }

  /// `struct prb_data_ring`, from the start of `struct printk_ringbuffer`.
  struct Data: Equatable, Sendable {
    var sizeBits: Int
    var data: Int
  }

  /// `struct prb_desc`.
  struct Descriptor: Equatable, Sendable {
    var size: Int
    var state: Int
    var begin: Int
    var next: Int
  }

  /// `struct printk_info`.
  struct Info: Equatable, Sendable {
    var size: Int
    var sequence: Int
    var time: Int
    var textLength: Int
    var caller: Int?
    /// `dev_info`: two texts.
    var subsystem: Range<Int>?
    var device: Range<Int>?
  }

  var size: Int
  var descriptors: Descriptors
  var data: Data
  var descriptor: Descriptor
  var info: Info

  /// Reads the keys.
  ///
  /// - Throws: ``MissingLogKey`` where one is missing or out of all proportion.
  init(_ information: VMCoreInfo) throws(MissingLogKey) {
    let keys = LogKeys(information)
    size = try keys.size("printk_ringbuffer")
    let ring = try keys.offset("printk_ringbuffer.desc_ring")
    let text = try keys.offset("printk_ringbuffer.text_data_ring")
    let counter = (try? keys.offset("atomic_long_t.counter")) ?? 0
    descriptors = Descriptors(
      countBits: ring + (try keys.offset("prb_desc_ring.count_bits")),
      descriptors: ring + (try keys.offset("prb_desc_ring.descs")),
      infos: ring + (try keys.offset("prb_desc_ring.infos")),
      head: ring + (try keys.offset("prb_desc_ring.head_id")) + counter,
      tail: ring + (try keys.offset("prb_desc_ring.tail_id")) + counter)
    data = Data(
      sizeBits: text + (try keys.offset("prb_data_ring.size_bits")),
      data: text + (try keys.offset("prb_data_ring.data")))
    let block = try keys.offset("prb_desc.text_blk_lpos")
    descriptor = Descriptor(
      size: try keys.size("prb_desc"),
      state: (try keys.offset("prb_desc.state_var")) + counter,
      begin: block + (try keys.offset("prb_data_blk_lpos.begin")),
      next: block + (try keys.offset("prb_data_blk_lpos.next")))
    info = Info(
      size: try keys.size("printk_info"), sequence: try keys.offset("printk_info.seq"),
      time: try keys.offset("printk_info.ts_nsec"),
      textLength: try keys.offset("printk_info.text_len"),
      caller: try? keys.offset("printk_info.caller_id"))
    if let start = try? keys.offset("printk_info.dev_info") {
      info.subsystem = keys.text("dev_printk_info.subsystem", "printk_info_subsystem", from: start)
      info.device = keys.text("dev_printk_info.device", "printk_info_device", from: start)
    }
  }
}

/// A key of vmcoreinfo without which a log cannot be read.
struct MissingLogKey: Error, Equatable {
  /// What is said of it.
  let text: String
}

/// Sizes and offsets of the log's structures.
struct LogKeys {
  private let information: VMCoreInfo

  /// No structure of the log is larger.
  private static let largest: UInt64 = 4096

  init(_ information: VMCoreInfo) {
    self.information = information
  }

  /// `SIZE(structure)`
  func size(_ structure: String) throws(MissingLogKey) -> Int {
    try value("SIZE(\(structure))", 1...LogKeys.largest)
  }

  /// `OFFSET(structure.member)`
  func offset(_ member: String) throws(MissingLogKey) -> Int {
    try value("OFFSET(\(member))", 0...LogKeys.largest)
  }

  /// A text of fixed length in a structure that begins at `start`.
  func text(_ member: String, _ array: String, from start: Int) -> Range<Int>? {
    guard let offset = try? offset(member),
      let length = try? value("LENGTH(\(array))", 1...LogKeys.largest)
    else { return nil }
    return start + offset..<start + offset + length
  }

  private func value(
    _ key: String, _ expected: ClosedRange<UInt64>
  ) throws(MissingLogKey) -> Int {
    guard let value = information.decimal(key) else {
      throw MissingLogKey(text: "vmcoreinfo has no \(key)")
    }
    guard expected.contains(value) else {
      throw MissingLogKey(
        text: "vmcoreinfo has \(key)=\(value), expected \(expected.lowerBound) to "
          + "\(expected.upperBound)")
    }
    return Int(value)
  }
}
