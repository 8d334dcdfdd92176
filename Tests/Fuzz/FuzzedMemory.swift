import Bytes
import MemoryImages

/// Memory that is a hole but for some windows, which the fuzzer's input fills one after another.
struct FuzzedMemory: ByteSource {
  /// A place in memory and a number of bytes.
  struct Window {
    let address: UInt64
    let count: Int

    /// `count` bytes at an address.
    init(_ address: UInt64, _ count: Int) {
      self.address = address
      self.count = count
    }
  }

  let name = "input"
  let size: UInt64
  private var parts: [(address: UInt64, bytes: [UInt8])]

  /// Windows in the order in which the input fills them; what it does not reach is zero.
  init(size: UInt64, windows: [Window], from input: some Collection<UInt8>) {
    self.size = size
    var rest = input.dropFirst(0)
    parts = []
    for window in windows {
      let bytes = Array(rest.prefix(window.count))
      parts.append((window.address, bytes + Array(repeating: 0, count: window.count - bytes.count)))
      rest = rest.dropFirst(window.count)
    }
    parts.sort { $0.address < $1.address }
  }

  /// A raw image of it from address 0 on.
  func image() -> MemoryImage? {
    guard
      let memory = try? PhysicalMemory(
        regions: [MemoryRegion(range: 0..<size, source: self, offset: 0)])
    else { return nil }
    return MemoryImage(
      name: name, format: "raw", memory: memory, layout: .identity, layoutIsOpen: true, files: [])
  }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let count = Int(min(UInt64(buffer.count), size - offset))
    let wanted = offset..<offset + UInt64(count)
    buffer.prefix(count).withMemoryRebound(to: UInt8.self) { $0.update(repeating: 0) }
    for (address, bytes) in parts {
      let held = (address..<address + UInt64(bytes.count)).clamped(to: wanted)
      guard !held.isEmpty else { continue }
      let part = bytes[Int(held.lowerBound - address)..<Int(held.upperBound - address)]
      UnsafeMutableRawBufferPointer(rebasing: buffer[Int(held.lowerBound - offset)...])
        .copyBytes(from: part)
    }
    return count
  }

  /// Whole pages, as files have them.
  func extent(at offset: UInt64) -> SourceExtent {
    let page = offset.roundedDown(to: 4096)
    for (address, bytes) in parts {
      let last = (address + UInt64(bytes.count) - 1).roundedDown(to: 4096)
      if page > last { continue }
      let first = address.roundedDown(to: 4096)
      return page < first
        ? SourceExtent(isHole: true, end: min(size, first))
        : SourceExtent(isHole: false, end: min(size, last + 4096))
    }
    return SourceExtent(isHole: true, end: max(offset, size))
  }

  /// Writes into the windows, as far as they hold the place.
  mutating func write(_ new: [UInt8], at place: UInt64) {
    for index in parts.indices where parts[index].address <= place {
      let start = Int(min(place - parts[index].address, UInt64(parts[index].bytes.count)))
      guard start + new.count <= parts[index].bytes.count else { continue }
      parts[index].bytes.replaceSubrange(start..<start + new.count, with: new)
    }
  }
}
