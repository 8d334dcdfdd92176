/// A flattened file read as its specification says.
package struct FlattenedModel: Sendable {
  /// Offset and size of every record, in the order of the file.
  package var records: [(offset: Int, count: Int)] = []
  /// The file that it stands for.
  package var content: [UInt8] = []
  /// Whether the record that ends it is there, with nothing behind it.
  package var isWhole = false

  /// Reads a file; nil where it does not begin as one.
  package init?(_ file: [UInt8]) {
    guard file.count >= 4096, file.starts(with: Array("makedumpfile\0\0\0\0".utf8)) else {
      return nil
    }
    var place = 4096
    while place + 16 <= file.count {
      let offset = Int(truncatingIfNeeded: RecipeOrder.big.number(file[place..<place + 8]))
      let count = Int(truncatingIfNeeded: RecipeOrder.big.number(file[place + 8..<place + 16]))
      place += 16
      if offset == -1, count == -1 {
        isWhole = place == file.count
        return
      }
      guard offset >= 0, count > 0, place + count <= file.count else { return }
      records.append((offset, count))
      if content.count < offset + count {
        content += [UInt8](repeating: 0, count: offset + count - content.count)
      }
      content.replaceSubrange(offset..<offset + count, with: file[place..<place + count])
      place += count
    }
  }
}

extension RecipeOrder {
  /// The number in some bytes.
  fileprivate func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    (self == .little ? Array(bytes.reversed()) : Array(bytes)).reduce(0) { $0 << 8 | UInt64($1) }
  }
}
