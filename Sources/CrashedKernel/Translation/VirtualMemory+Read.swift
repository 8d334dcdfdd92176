package import Bytes
internal import MemoryImages

extension VirtualMemory {
  /// `count` bytes, or why one of them cannot be read. A count from an image has passed a limit.
  package func read(at address: UInt64, count: Int) throws(ReadError) -> Contents<[UInt8]> {
    let plan = try plan(at: address, count: count)
    if let stop = plan.stop { return .unreadable(stop) }
    return .found(try bytes(plan))
  }

  /// The bytes that can be read from an address on, at most `count`, and why there are no more.
  package func read(
    at address: UInt64, upTo count: Int
  ) throws(ReadError) -> (bytes: [UInt8], stop: Unreadable?) {
    let plan = try plan(at: address, count: count)
    return (try bytes(plan), plan.stop)
  }

  /// An integer in the kernel's byte order.
  package func read<Value: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ type: Value.Type, at address: UInt64
  ) throws(ReadError) -> Contents<Value> {
    // As many bytes as were asked for are there.
    try read(at: address, count: MemoryLayout<Value>.size)
      .map { (try? ByteReader($0, order: order).peek(at: 0, type)) ?? 0 }
  }

  /// A pointer of the kernel, widened.
  package func pointer(at address: UInt64) throws(ReadError) -> Contents<UInt64> {
    wordSize == 8
      ? try read(UInt64.self, at: address)
      : try read(UInt32.self, at: address).map { UInt64($0) }
  }

  /// The bytes before the first zero byte; the first `limit` bytes where there is none.
  package func string(at address: UInt64, limit: Int) throws(ReadError) -> Contents<[UInt8]> {
    var text: [UInt8] = []
    while text.count < limit {
      let count = min(limit - text.count, 256)
      let (bytes, stop) = try read(at: address &+ UInt64(text.count), upTo: count)
      if let end = bytes.firstIndex(of: 0) { return .found(text + bytes[..<end]) }
      if let stop { return .unreadable(stop) }
      text += bytes
    }
    return .found(text)
  }
}

extension VirtualMemory {
  /// Physical ranges that follow each other in virtual memory, all of which the image holds.
  private struct Plan {
    /// The ranges, joined where they touch.
    var ranges: [Range<UInt64>] = []
    /// The bytes of all of them.
    var count: UInt64 = 0
    /// Why it is shorter than was asked for.
    var stop: Unreadable?

    /// Adds what follows.
    mutating func add(_ range: Range<UInt64>) {
      guard !range.isEmpty else { return }
      count += range.length
      if let last = ranges.last, last.upperBound == range.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
      } else {
        ranges.append(range)
      }
    }
  }

  /// Finds the memory of a stretch, up to its end or to the first byte that cannot be read.
  private func plan(at address: UInt64, count: Int) throws(ReadError) -> Plan {
    var plan = Plan()
    let wanted = UInt64(max(0, count))
    while plan.count < wanted, plan.stop == nil {
      guard let place = address.adding(plan.count) else {
        plan.stop = .notMapped(0, level: 0)
        break
      }
      switch try translate(place) {
      case .at(let physical, let follow):
        extend(&plan, at: place, physical, min(follow, wanted - plan.count))
      case .notMapped(let level): plan.stop = .notMapped(place, level: level)
      case .missing(let entry): plan.stop = .missing(entry, at: place)
      case .corrupt(let entry, let spot):
        plan.stop = .corrupt(entry: entry, place: spot, at: place)
      }
    }
    return plan
  }

  /// Adds physical memory as far as the image holds it.
  private func extend(
    _ plan: inout Plan, at address: UInt64, _ physical: UInt64, _ count: UInt64
  ) {
    var place = physical
    var left = count
    while left > 0 {
      guard let range = Range(start: place, length: left),
        case .present(let part, _) = memory.firstStretch(of: range)
      else {
        plan.stop = .missing(place, at: address &+ (count - left))
        return
      }
      plan.add(part)
      place = part.upperBound
      left -= part.length
    }
  }

  /// Reads what a plan found.
  private func bytes(_ plan: Plan) throws(ReadError) -> [UInt8] {
    if plan.ranges.count == 1 {
      return try memory.paddedBytes(at: plan.ranges[0].lowerBound, count: Int(plan.count)).bytes
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(plan.count))
    for range in plan.ranges {
      bytes += try memory.paddedBytes(at: range.lowerBound, count: Int(range.length)).bytes
    }
    return bytes
  }
}
