package import Bytes

/// The head of one piece of a flattened file: `struct makedumpfile_data_header`, big-endian. The
/// piece's bytes follow it. Source: makedumpfile `makedumpfile.h`, `write_buffer`.
package struct FlattenedRecord: Equatable, Sendable {
  package var offset: Int64  // offset, where the bytes belong
  package var count: Int64  // buf_size

  /// Bytes of the head.
  package static let size = 16
  /// Most bytes of one record: readers keep the number in an `int`.
  package static let largest: Int64 = .init(Int32.max)
  /// The head that ends a file: offset and size −1.
  package static let end = FlattenedRecord(offset: -1, count: -1)

  /// Where the bytes belong; nil where that is no range of a file.
  package var range: Range<UInt64>? {
    guard offset >= 0, count >= 0,
      let range = Range(start: UInt64(offset), length: UInt64(count)),
      range.upperBound <= UInt64(Int64.max)
    else { return nil }
    return range
  }

  /// A head from its fields.
  package init(offset: Int64, count: Int64) {
    self.offset = offset
    self.count = count
  }

  /// Reads one head.
  package init(from reader: inout ByteReader) throws(ShortRecord) {
    offset = try reader.read()
    count = try reader.read()
  }

  /// Appends one head.
  package func write(to writer: inout ByteWriter) {
    writer.write(offset)
    writer.write(count)
  }
}
