package import Bytes

/// What stands before each chunk of a framed stream of snappy. Always little-endian. Source: snappy
/// `framing_format.txt`.
package struct SnappyChunk: Equatable, Sendable {
  package var type: UInt8  // chunk type
  package var length: UInt32  // 24 bits: the bytes that follow

  /// A packed block behind the checksum of what it gives.
  package static let packed: UInt8 = 0x00
  /// Bytes behind their checksum.
  package static let plain: UInt8 = 0x01
  /// `sNaPpY`, before the first chunk.
  package static let identifier: UInt8 = 0xff
  /// From here on a reader that does not know a chunk passes over it.
  package static let firstSkippable: UInt8 = 0x80

  /// Bytes of the structure.
  package static let size = 4
  /// Bytes of the checksum.
  package static let sumSize = 4
  /// What one chunk gives at most.
  package static let mostContent = 65_536
  /// What a chunk with a checksum takes at most: one that does not shrink, and snappy's own growth.
  package static let mostLength = UInt32(sumSize + 32 + mostContent + mostContent / 6)
  /// Its byte order.
  package static let order = ByteOrder.little

  /// A chunk from its fields.
  package init(type: UInt8, length: UInt32) {
    self.type = type
    self.length = length
  }

  /// Reads one head.
  package init(from reader: inout ByteReader) throws(ShortRecord) {
    self.init(word: try reader.read())
  }

  /// The head that these four bytes are.
  package init(word: UInt32) {
    type = UInt8(truncatingIfNeeded: word)
    length = word >> 8
  }

  /// Appends one head.
  package func write(to writer: inout ByteWriter) {
    writer.write(UInt32(type) | length << 8)
  }
}
