/// `DUMP_DH_*`: how a page is packed (`page_desc.flags`), and the same bits with a few more for
/// the whole file (`disk_dump_header.status`). Source: makedumpfile `diskdump_mod.h`.
package struct KdumpFlags: OptionSet, Hashable, Sendable {
  /// The bits as they stand in the file.
  package let rawValue: UInt32

  /// Any value; unknown bits survive.
  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// `DUMP_DH_COMPRESSED_ZLIB`: one zlib stream a page.
  package static let zlib = KdumpFlags(rawValue: 0x1)
  /// `DUMP_DH_COMPRESSED_LZO`
  package static let lzo = KdumpFlags(rawValue: 0x2)
  /// `DUMP_DH_COMPRESSED_SNAPPY`
  package static let snappy = KdumpFlags(rawValue: 0x4)
  /// `DUMP_DH_COMPRESSED_INCOMPLETE`: status only; memory is missing from the dump.
  package static let incomplete = KdumpFlags(rawValue: 0x8)
  /// `DUMP_DH_COMPRESSED_ZSTD`
  package static let zstd = KdumpFlags(rawValue: 0x20)
}
