/// A file that is made to cost whoever reads it: little of it is stored, the rest are holes.
package struct HostileFile: Sendable {
  /// What tells it from the others.
  package let name: String
  /// Number of bytes.
  package var size: UInt64 = 0
  /// What is stored, in the order in which it was put.
  package private(set) var parts: [(offset: UInt64, bytes: [UInt8])] = []

  /// A file of holes.
  init(_ name: String, size: UInt64 = 0) {
    self.name = name
    self.size = size
  }

  /// Bytes that are stored, at least.
  package var stored: Int { parts.reduce(0) { $0 + $1.bytes.count } }

  /// Stores bytes; the file reaches at least to their end.
  mutating func put(_ bytes: [UInt8], at offset: UInt64) {
    parts.append((offset, bytes))
    size = max(size, offset + UInt64(bytes.count))
  }

  /// Stores little-endian numbers of one width.
  mutating func put(_ numbers: [UInt64], width: Int, at offset: UInt64) {
    put(numbers.flatMap { HostileFile.number($0, width) }, at: offset)
  }

  /// The bytes of a range; later parts lie over earlier ones.
  package func bytes(_ range: Range<UInt64>) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: range.count)
    for (offset, bytes) in parts {
      let held = (offset..<offset + UInt64(bytes.count)).clamped(to: range)
      guard !held.isEmpty else { continue }
      let start = Int(held.lowerBound - range.lowerBound)
      result.replaceSubrange(
        start..<start + held.count,
        with: bytes[Int(held.lowerBound - offset)..<Int(held.upperBound - offset)])
    }
    return result
  }

  /// The whole file, where that is small.
  package var bytes: [UInt8] { bytes(0..<size) }

  /// The file as pieces, each with its place in six bytes and its length in two.
  package var pieces: [UInt8] {
    var result: [UInt8] = []
    for (offset, bytes) in parts + (size > 0 ? [(size - 1, [0])] : []) {
      for start in stride(from: 0, to: bytes.count, by: 0xffff) {
        let piece = bytes[start..<min(start + 0xffff, bytes.count)]
        result += HostileFile.number(offset + UInt64(start), 6)
        result += HostileFile.number(UInt64(piece.count), 2) + piece
      }
    }
    return result
  }

  /// A little-endian number.
  static func number(_ value: UInt64, _ width: Int) -> [UInt8] {
    RecipeOrder.little.bytes(value, width: width)
  }

  /// An ELF header of class 64 for x86_64, with its table directly behind it.
  static func header(count: Int, tableAt table: UInt64 = 64, sectionsAt sections: UInt64 = 0)
    -> [UInt8]
  {
    var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    for (value, width) in [
      (4, 2), (62, 2), (1, 4), (0, 8), (table, 8), (sections, 8), (0, 4), (64, 2), (56, 2),
      (UInt64(count), 2), (sections == 0 ? 0 : 64, 2), (sections == 0 ? 0 : 1, 2), (0, 2),
    ] { bytes += number(value, width) }
    return bytes
  }

  /// One program header.
  static func entry(
    note: Bool = false, offset: UInt64, virtual: UInt64 = 0, physical: UInt64, file: UInt64,
    memory: UInt64
  ) -> [UInt8] {
    number(note ? 4 : 1, 4) + number(note ? 0 : 7, 4)
      + [offset, virtual, physical, file, memory, 0].flatMap { number($0, 8) }
  }

  /// One note.
  static func note(_ name: String, _ type: UInt64, _ description: [UInt8]) -> [UInt8] {
    func padded(_ bytes: [UInt8]) -> [UInt8] {
      bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
    }
    let name = Array(name.utf8) + [0]
    return number(UInt64(name.count), 4) + number(UInt64(description.count), 4) + number(type, 4)
      + padded(name) + padded(description)
  }

  /// The text of a sound vmcoreinfo of x86_64.
  static func information(_ lines: [String] = []) -> [UInt8] {
    let text =
      [
        "OSRELEASE=6.1.0", "PAGESIZE=4096", "SYMBOL(_stext)=ffffffff81000000",
        "CRASHTIME=1700000000",
      ]
      + lines
    return Array((text.joined(separator: "\n") + "\n").utf8)
  }
}
