package import Bytes

/// What a byte of a QEMU migration stream begins: big-endian on every machine. Source: QEMU
/// `migration/savevm.h`, `savevm.c`.
package enum MigrationSection: UInt8, Sendable {
  /// `QEMU_VM_EOF`
  case end = 0x00
  /// `QEMU_VM_SECTION_START`
  case start = 0x01
  /// `QEMU_VM_SECTION_PART`
  case part = 0x02
  /// `QEMU_VM_SECTION_END`
  case last = 0x03
  /// `QEMU_VM_SECTION_FULL`
  case full = 0x04
  /// `QEMU_VM_SUBSECTION`
  case subsection = 0x05
  /// `QEMU_VM_VMDESCRIPTION`
  case description = 0x06
  /// `QEMU_VM_CONFIGURATION`
  case configuration = 0x07
  /// `QEMU_VM_COMMAND`
  case command = 0x08
  /// `QEMU_VM_SECTION_FOOTER`
  case footer = 0x7e

  /// `QEMU_VM_FILE_MAGIC`, which begins a stream.
  package static let magic = Array("QEVM".utf8)
  /// `QEMU_VM_FILE_VERSION`
  package static let version: UInt32 = 3
  /// The byte order of everything in a stream.
  package static let order = ByteOrder.big
}

/// The flags of a record of the section "ram": they stand in the bits of its address below the page
/// size. Source: QEMU `migration/ram.c`.
package struct RAMRecordFlags: OptionSet, Sendable {
  /// The bits.
  package let rawValue: UInt64

  /// Any bits.
  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// `RAM_SAVE_FLAG_ZERO`: a page of one byte.
  package static let fill = RAMRecordFlags(rawValue: 0x02)
  /// `RAM_SAVE_FLAG_MEM_SIZE`: the list of blocks.
  package static let blocks = RAMRecordFlags(rawValue: 0x04)
  /// `RAM_SAVE_FLAG_PAGE`: a page as it is.
  package static let page = RAMRecordFlags(rawValue: 0x08)
  /// `RAM_SAVE_FLAG_EOS`: the end of a section.
  package static let end = RAMRecordFlags(rawValue: 0x10)
  /// `RAM_SAVE_FLAG_CONTINUE`: of the same block as the page before.
  package static let sameBlock = RAMRecordFlags(rawValue: 0x20)
  /// `RAM_SAVE_FLAG_XBZRLE`: what differs from the page as it was sent before.
  package static let delta = RAMRecordFlags(rawValue: 0x40)
  /// `RAM_SAVE_FLAG_COMPRESS_PAGE`: a page packed with zlib.
  package static let packed = RAMRecordFlags(rawValue: 0x100)
  /// `RAM_SAVE_FLAG_MULTIFD_FLUSH`: nothing.
  package static let flush = RAMRecordFlags(rawValue: 0x200)
}
