package import Bytes

/// Where one page lies in a kdump-compressed file: `struct page_desc`, the same in every layout.
/// One for each bit of the second bitmap, in ascending order. Source: makedumpfile
/// `diskdump_mod.h`.
package struct PageDescriptor: Equatable, Sendable {
  package var offset: UInt64  // offset, in the file; 0: the page was lost
  package var size: UInt32  // size, of the packed page
  package var flags: KdumpFlags  // flags; none: stored as it is
  package var pageFlags: UInt64  // page_flags, always 0

  /// Bytes of the structure.
  package static let size = 24

  /// A descriptor from its fields.
  package init(offset: UInt64, size: UInt32, flags: KdumpFlags, pageFlags: UInt64 = 0) {
    self.offset = offset
    self.size = size
    self.flags = flags
    self.pageFlags = pageFlags
  }

  /// Reads one descriptor.
  package init(from reader: inout ByteReader) throws(ShortRecord) {
    offset = try reader.read()
    size = try reader.read()
    flags = KdumpFlags(rawValue: try reader.read())
    pageFlags = try reader.read()
  }

  /// Appends one descriptor.
  package func write(to writer: inout ByteWriter) {
    writer.write(offset)
    writer.write(size)
    writer.write(flags.rawValue)
    writer.write(pageFlags)
  }
}
