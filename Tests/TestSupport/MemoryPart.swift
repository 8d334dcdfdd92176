/// A stretch of a machine's memory: what builders of dump files are given.
package struct MemoryPart: Sendable {
  /// The address of the first byte.
  package var address: UInt64
  /// The bytes.
  package var bytes: [UInt8]

  /// Bytes at an address.
  package init(_ address: UInt64, _ bytes: [UInt8]) {
    self.address = address
    self.bytes = bytes
  }
}

extension BuiltImage {
  /// The memory that the file holds: for small images.
  package var parts: [MemoryPart] {
    extents.map {
      MemoryPart($0.range.lowerBound, memory.read($0.range.lowerBound, $0.range.count))
    }
  }
}

extension [MemoryPart] {
  /// All bytes, one part behind the other.
  package var joined: [UInt8] { flatMap(\.bytes) }

  /// The same memory in parts of at most so many bytes: more ranges, with other places in a file.
  package func cut(into size: Int) -> [MemoryPart] {
    flatMap { part in
      stride(from: 0, to: part.bytes.count, by: size).map { start in
        let end = Swift.min(start + size, part.bytes.count)
        return MemoryPart(part.address + UInt64(start), [UInt8](part.bytes[start..<end]))
      }
    }
  }
}
