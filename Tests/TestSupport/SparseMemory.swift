/// Memory by physical address; only pages that were written exist, the rest is zero.
package struct SparseMemory: Sendable {
  private static let pageSize: UInt64 = 4096
  private var pages: [UInt64: [UInt8]] = [:]

  /// Memory that is zero everywhere.
  package init() {}

  /// Stores bytes at an address.
  package mutating func write(_ bytes: [UInt8], at address: UInt64) {
    var done = 0
    while done < bytes.count {
      let place = address &+ UInt64(done)
      let skip = Int(place % Self.pageSize)
      let count = min(bytes.count - done, Int(Self.pageSize) - skip)
      pages[place - UInt64(skip), default: [UInt8](repeating: 0, count: Int(Self.pageSize))]
        .replaceSubrange(skip..<skip + count, with: bytes[done..<done + count])
      done += count
    }
  }

  /// The bytes at an address.
  package func read(_ address: UInt64, _ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    unsafe bytes.withUnsafeMutableBytes { buffer in
      var done = 0
      while done < count {
        let place = address &+ UInt64(done)
        let skip = Int(place % Self.pageSize)
        let part = min(count - done, Int(Self.pageSize) - skip)
        unsafe pages[place - UInt64(skip)]?.withUnsafeBytes { page in
          unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + part])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: page[skip..<skip + part]))
        }
        done += part
      }
    }
    return bytes
  }

  /// The parts of a range that were written, sorted.
  package func written(in range: Range<UInt64>) -> [Range<UInt64>] {
    pages.keys.map { $0..<$0 + Self.pageSize }
      .filter { $0.overlaps(range) }
      .map { $0.clamped(to: range) }
      .sorted { $0.lowerBound < $1.lowerBound }
  }
}
