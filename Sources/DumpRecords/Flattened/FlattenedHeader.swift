package import Bytes

/// The first page of a flattened file: `struct makedumpfile_header`, big-endian on every machine.
/// Source: makedumpfile `makedumpfile.h`, `write_start_flat_header`.
package struct FlattenedHeader: Equatable, Sendable {
  package var type: Int64  // type
  package var version: Int64  // version

  /// `makedumpfile`, padded with NULs to 16 bytes.
  package static let signature = Array("makedumpfile\0\0\0\0".utf8)
  /// Bytes that it takes in the file; all behind its fields is 0.
  package static let size = 4096
  /// The byte order of this header and of every record's head.
  package static let order = ByteOrder.big
  /// The only type and version that exist: 1 and 1.
  package static let current = FlattenedHeader(type: 1, version: 1)

  /// A header from its fields.
  package init(type: Int64, version: Int64) {
    self.type = type
    self.version = version
  }

  /// Reads a header and moves behind its padding.
  ///
  /// - Returns: nil where the signature is another one.
  /// - Throws: ``ShortRecord`` where the bytes end inside the first page.
  package init?(from reader: inout ByteReader) throws(ShortRecord) {
    let start = reader.position
    guard
      try reader.take(FlattenedHeader.signature.count).elementsEqual(FlattenedHeader.signature)
    else { return nil }
    type = try reader.read()
    version = try reader.read()
    try reader.skip(FlattenedHeader.size - (reader.position - start))
  }

  /// Appends the whole page.
  package func write(to writer: inout ByteWriter) {
    let start = writer.bytes.count
    writer.write(contentsOf: FlattenedHeader.signature)
    writer.write(type)
    writer.write(version)
    writer.pad(to: start + FlattenedHeader.size)
  }
}
