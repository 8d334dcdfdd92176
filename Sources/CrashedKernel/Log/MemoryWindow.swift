internal import Bytes

/// A kernel's memory for whoever reads many small things beside each other: it is read by larger
/// pieces.
struct MemoryWindow: Sendable {
  private let memory: VirtualMemory
  private var start: UInt64 = 0
  private var bytes: [UInt8] = []
  /// Bytes that were asked for last: not all may be there.
  private var asked = 0
  private let size: Int

  /// Bytes that are read where the last piece is far away: who jumps about needs little of each place.
  private static let least = 1 << 12

  init(_ memory: VirtualMemory, size: Int = 1 << 16) {
    self.memory = memory
    self.size = size
  }

  /// Reads what is not held of so many bytes, with what follows them.
  mutating func prepare(at address: UInt64, count: Int) throws(ReadError) {
    guard address < start || address - start + UInt64(count) > UInt64(asked) else { return }
    try fill(from: address, max(count, size))
  }

  private mutating func fill(from address: UInt64, _ count: Int) throws(ReadError) {
    (bytes, _) = try memory.read(at: address, upTo: count)
    start = address
    asked = count
  }

  /// Reads from an address on at which something is wanted.
  private mutating func fill(for count: Int, at address: UInt64) throws(ReadError) {
    let isNear =
      address >= start && address - start <= UInt64(bytes.count + MemoryWindow.least)
    try fill(from: address, max(count, isNear ? size : MemoryWindow.least))
  }

  /// So many bytes; nil where one of them cannot be read. A count from an image has passed a limit.
  mutating func read(at address: UInt64, count: Int) throws(ReadError) -> [UInt8]? {
    if let held = held(at: address, count) { return held }
    try fill(for: count, at: address)
    return held(at: address, count)
  }

  /// A number of two bytes; nil where one of them cannot be read.
  mutating func half(at address: UInt64) throws(ReadError) -> UInt16? {
    if place(of: address, 2) == nil { try fill(for: 2, at: address) }
    guard let place = place(of: address, 2) else { return nil }
    let (first, second) = (UInt16(bytes[place]), UInt16(bytes[place + 1]))
    return memory.order == .little ? second << 8 | first : first << 8 | second
  }

  private func held(at address: UInt64, _ count: Int) -> [UInt8]? {
    place(of: address, count).map { Array(bytes[$0..<$0 + count]) }
  }

  /// Where so many bytes begin in what is held.
  private func place(of address: UInt64, _ count: Int) -> Int? {
    guard address >= start, let skip = Int(exactly: address - start), skip <= bytes.count,
      count <= bytes.count - skip
    else { return nil }
    return skip
  }
}
