internal import Bytes

/// The header of a flattened device tree, always big-endian.
/// Layout: Devicetree Specification v0.4, section 5.2.
package struct DeviceTreeHeader: Equatable, Sendable {
  package var totalSize: UInt32  // totalsize
  package var structureOffset: UInt32  // off_dt_struct
  package var stringsOffset: UInt32  // off_dt_strings
  package var version: UInt32  // version
  package var lastCompatibleVersion: UInt32  // last_comp_version

  /// `d0 0d fe ed`
  package static let magic: UInt32 = 0xd00d_feed
  /// Size of the header up to version 16; version 17 adds one word that is not needed here.
  package static let size = 36
  /// The largest tree that a kernel maps early (`MAX_FDT_SIZE`, 2 MiB).
  package static let largestTree: UInt32 = 2 << 20

  /// Reads a header; nil where the bytes are none that a kernel would take.
  package init?(_ bytes: [UInt8]) {
    var reader = ByteReader(bytes, order: .big)
    guard (try? reader.read(UInt32.self)) == DeviceTreeHeader.magic,
      let total = try? reader.read(UInt32.self),
      let structure = try? reader.read(UInt32.self),
      let strings = try? reader.read(UInt32.self),
      (try? reader.skip(4)) != nil,  // off_mem_rsvmap
      let version = try? reader.read(UInt32.self),
      let compatible = try? reader.read(UInt32.self)
    else { return nil }
    totalSize = total
    structureOffset = structure
    stringsOffset = strings
    self.version = version
    lastCompatibleVersion = compatible
    guard (16...17).contains(version), (2...16).contains(compatible),
      total >= DeviceTreeHeader.size, total <= DeviceTreeHeader.largestTree,
      structure >= DeviceTreeHeader.size, structure < total, structure % 4 == 0,
      strings >= DeviceTreeHeader.size, strings <= total
    else { return nil }
  }
}
