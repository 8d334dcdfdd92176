internal import Bytes

/// A kernel's memory for whoever reads many small things beside each other: it is read by larger
/// pieces.
struct MemoryWindow: Sendable {
  private let memory: VirtualMemory
  private var start: UInt64 = 0
  private var bytes: [UInt8] = []

  /// Bytes that are read at once.
  private let size: Int

  init(_ memory: VirtualMemory, size: Int = 1 << 16) {
    self.memory = memory
    self.size = size
  }

  /// So many bytes; nil where one of them cannot be read. A count from an image has passed a limit.
  mutating func read(at address: UInt64, count: Int) throws(ReadError) -> [UInt8]? {
    if let held = held(at: address, count) { return held }
    (bytes, _) = try memory.read(at: address, upTo: max(count, size))
    start = address
    return held(at: address, count)
  }

  /// A number of two bytes; nil where one of them cannot be read.
  mutating func half(at address: UInt64) throws(ReadError) -> UInt16? {
    if place(of: address, 2) == nil {
      (bytes, _) = try memory.read(at: address, upTo: size)
      start = address
    }
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
