/// A note that a recipe adds behind a CPU's registers.
package struct RecipeNote: Sendable, Equatable {
  /// The name, without the NUL.
  package var name: String
  /// n_type.
  package var type: UInt64
  /// The content.
  package var content: [UInt8]

  /// A note from its parts.
  package init(name: String, type: UInt64, content: [UInt8]) {
    self.name = name
    self.type = type
    self.content = content
  }

  /// A note as it lies in memory: three words, name and content padded to 4 bytes.
  package func encoded(_ order: RecipeOrder) -> [UInt8] {
    var bytes = order.bytes(UInt64(name.utf8.count + 1), width: 4)
    bytes += order.bytes(UInt64(content.count), width: 4)
    bytes += order.bytes(type, width: 4)
    bytes += Array(name.utf8) + [0]
    while bytes.count % 4 != 0 { bytes.append(0) }
    bytes += content
    while bytes.count % 4 != 0 { bytes.append(0) }
    return bytes
  }
}
