internal import Bytes

/// The descriptors of a ring that are looked at: from its tail to its head, or all of them where
/// those cannot be right.
struct LogRingSpan {
  /// Number of the first one.
  let first: UInt64
  /// How many there are.
  let count: UInt64
  /// Why the ring's own ends are not followed.
  let fault: String?

  init(_ ring: LogRing, _ window: inout MemoryWindow) throws(ReadError) {
    let distance = (ring.head &- ring.tail) & ring.numbers
    // The kernel moves the tail only to descriptors that are set up (`desc_push_tail`).
    let tail = try ring.descriptor(ring.tail, &window)
    if distance < ring.count, tail == nil || tail?.number == ring.tail {
      let after = (ring.head &+ 1) & ring.numbers
      let before = (ring.tail &- 1) & ring.numbers
      let isBeyond = try LogRingSpan.holdsRecord(after, ring, &window)
      let isBefore = try LogRingSpan.holdsRecord(before, ring, &window)
      if !isBeyond, !isBefore {
        first = ring.tail
        count = distance + 1
        fault = nil
        return
      }
    }
    let newest = try LogRingSpan.newest(ring, &window)
    first = (newest &- (ring.count - 1)) & ring.numbers
    count = ring.count
    fault =
      "tail_id \(ring.tail.hex) and head_id \(ring.head.hex) are not the ends of the "
      + "\(ring.count) descriptors: all of them are looked at"
  }

  private static func holdsRecord(
    _ number: UInt64, _ ring: LogRing, _ window: inout MemoryWindow
  ) throws(ReadError) -> Bool {
    guard let descriptor = try ring.descriptor(number, &window) else { return false }
    return descriptor.number == number && descriptor.isWritten
  }

  /// The number that stands latest in the ring's order: numbers may wrap.
  private static func newest(
    _ ring: LogRing, _ window: inout MemoryWindow
  ) throws(ReadError) -> UInt64 {
    var newest: UInt64?
    for index in 0..<ring.count {
      guard let descriptor = try ring.descriptor(index, &window), descriptor.isWritten,
        descriptor.number & (ring.count - 1) == index
      else { continue }
      let ahead = (descriptor.number &- (newest ?? descriptor.number)) & ring.numbers
      if newest == nil || ahead <= ring.numbers / 2 { newest = descriptor.number }
    }
    return newest ?? ring.head
  }
}

/// What nearly all records of a ring keep, so that one that does not is damaged. A rule that most
/// break is none of that kernel's.
struct LogRingRules {
  /// What is added to the number of a descriptor to give that of its record.
  private let offset: UInt64?
  /// Whether a text begins with the number of its descriptor.
  let areBlocksNumbered: Bool
  private let numbers: UInt64
  private let first: UInt64

  init(_ ring: LogRing, _ span: LogRingSpan) throws(ReadError) {
    numbers = ring.numbers
    first = span.first
    var descriptors = MemoryWindow(ring.memory)
    var infos = MemoryWindow(ring.memory)
    var texts = MemoryWindow(ring.memory)
    var vote = MajorityVote()
    var numbered = 0
    var blocks = 0
    for index in 0..<span.count {
      let number = (span.first &+ index) & ring.numbers
      guard let descriptor = try ring.descriptor(number, &descriptors),
        descriptor.number == number, descriptor.isWritten
      else { continue }
      if let info = try ring.info(number, &infos),
        let sequence = try? info.peek(at: ring.layout.info.sequence, UInt64.self)
      {
        vote.add(sequence &- index)
      }
      guard case .bytes(let range) = ring.block(descriptor),
        let owner = try texts.word(at: ring.texts &+ range.lowerBound, ring.memory)
      else { continue }
      blocks += 1
      if owner & ring.numbers == number { numbered += 1 }
    }
    offset = vote.winner
    areBlocksNumbered = numbered * 2 > blocks
  }

  /// The number that a record must have.
  func sequence(of number: UInt64) -> UInt64? {
    offset.map { $0 &+ ((number &- first) & numbers) }
  }
}

/// Finds what more than half of many values are, in one pass (Boyer and Moore), as far as that is
/// clear.
private struct MajorityVote {
  private var candidate: UInt64 = 0
  private var lead = 0
  private var total = 0

  mutating func add(_ value: UInt64) {
    total += 1
    if lead == 0 { candidate = value }
    lead += value == candidate ? 1 : -1
  }

  /// The value, where it leads by more than half of all.
  var winner: UInt64? { lead * 2 > total ? candidate : nil }
}
