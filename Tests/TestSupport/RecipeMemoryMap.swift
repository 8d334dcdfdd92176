/// A table in which an x86 kernel keeps the firmware's memory map (`struct e820_table`).
package struct RecipeMemoryMap: Sendable, Equatable {
  /// One entry.
  package struct Entry: Sendable, Equatable {
    package var range: Range<UInt64>
    /// 1: RAM, 2: reserved.
    package var type: UInt64
  }

  /// Its physical address.
  package var address: UInt64
  /// The entries; none: the recipe's RAM.
  package var entries: [Entry]

  /// The bytes: a count and entries of 20 bytes.
  func bytes(ram: [Range<UInt64>]) -> [UInt8] {
    let all = entries.isEmpty ? ram.map { Entry(range: $0, type: 1) } : entries
    let order = RecipeOrder.little
    return all.reduce(order.bytes(UInt64(all.count), width: 4)) { bytes, entry in
      bytes + order.bytes(entry.range.lowerBound, width: 8)
        + order.bytes(entry.range.upperBound - entry.range.lowerBound, width: 8)
        + order.bytes(entry.type, width: 4)
    }
  }
}

extension RecipeParser {
  /// `memory-map ADDRESS [START-END ram|reserved]...`
  mutating func readMemoryMap(_ line: RecipeLine) throws(RecipeError) {
    var map = RecipeMemoryMap(address: try line.address(0), entries: [])
    for index in stride(from: 1, to: line.words.count, by: 2) {
      let range = try line.range(index)
      switch try line.word(index + 1, "ram or reserved") {
      case "ram": map.entries.append(.init(range: range, type: 1))
      case "reserved": map.entries.append(.init(range: range, type: 2))
      default: throw line.error("'\(line.words[index + 1])' is unknown")
      }
    }
    recipe.memoryMaps.append(map)
  }
}
