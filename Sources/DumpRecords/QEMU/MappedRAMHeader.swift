package import Bytes

/// Where the pages of a block stand in a migration file with `mapped-ram`: `MappedRamHeader`,
/// packed, big-endian. A bitmap of the pages that are there follows it. Source: QEMU
/// `migration/ram.c`, `docs/devel/migration/mapped-ram.rst`.
package struct MappedRAMHeader: Equatable, Sendable {
  package var version: UInt32  // version, 1
  package var pageSize: UInt64  // page_size
  package var bitmapOffset: UInt64  // bitmap_offset, from the start of the file
  package var pagesOffset: UInt64  // pages_offset, from the start of the file

  /// Bytes of the structure.
  package static let size = 28
  /// The only version.
  package static let version: UInt32 = 1

  /// A header from its fields.
  package init(version: UInt32, pageSize: UInt64, bitmapOffset: UInt64, pagesOffset: UInt64) {
    self.version = version
    self.pageSize = pageSize
    self.bitmapOffset = bitmapOffset
    self.pagesOffset = pagesOffset
  }

  /// Reads a header.
  package init(from reader: inout ByteReader) throws(ShortRecord) {
    version = try reader.read()
    pageSize = try reader.read()
    bitmapOffset = try reader.read()
    pagesOffset = try reader.read()
  }

  /// Appends the header.
  package func write(to writer: inout ByteWriter) {
    writer.write(version)
    writer.write(pageSize)
    writer.write(bitmapOffset)
    writer.write(pagesOffset)
  }
}
