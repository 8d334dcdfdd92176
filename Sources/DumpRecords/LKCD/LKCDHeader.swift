package import Bytes

/// The first fields of an LKCD dump, the same in all versions, and what says how its pages are
/// packed. Byte order: that of the machine. Sources: LKCD `dump.h`, crash `lkcd_vmdump_v*.h`,
/// s390-tools `zdump/dfi_lkcd.c`.
package struct LKCDHeader: Equatable, Sendable {
  package var version: UInt32  // dh_version
  package var headerSize: UInt32  // dh_header_size
  package var dumpLevel: UInt32  // dh_dump_level
  package var pageSize: UInt32  // dh_page_size
  package var memorySize: UInt64  // dh_memory_size
  package var memoryStart: UInt64  // dh_memory_start
  package var memoryEnd: UInt64  // dh_memory_end

  /// `dh_magic_number` of little-endian machines; the same bytes the other way round of the others.
  package static let magic: UInt64 = 0xa819_0173_618f_23ed
  /// Bytes of the common fields.
  package static let size = 48
  /// Bytes that hold everything that is looked at.
  package static let largestSize = 800
  /// Where pages begin before version 9.
  package static let usualDataOffset: UInt64 = 65_536

  /// How pages are packed: `dh_dump_compress`.
  package enum Packing: UInt32, Sendable {
    case none = 0
    case runs = 1
    case zlib = 2
  }

  /// Versions that there are, without the marks in the highest bits.
  package static let versions: ClosedRange<UInt32> = 1...10

  /// The version without the marks of Mission Critical Linux.
  package var number: UInt32 { version & 0x3fff_ffff }

  /// A header from its fields.
  package init(
    version: UInt32, pageSize: UInt32, memorySize: UInt64, headerSize: UInt32 = 0x1000,
    dumpLevel: UInt32 = 4
  ) {
    self.version = version
    self.headerSize = headerSize
    self.dumpLevel = dumpLevel
    self.pageSize = pageSize
    self.memorySize = memorySize
    memoryStart = 0
    memoryEnd = memorySize
  }

  /// The byte order of a dump; nil where the mark is another one.
  package static func order(of bytes: [UInt8]) -> ByteOrder? {
    ByteOrder.allCases.first { order in
      let found: UInt64? = try? ByteReader(bytes, order: order).peek(at: 0)
      return found == magic
    }
  }

  /// Reads the common fields.
  ///
  /// - Returns: nil where the mark is another one.
  package init?(from reader: inout ByteReader) throws(ShortRecord) {
    guard try reader.read(UInt64.self) == LKCDHeader.magic else { return nil }
    version = try reader.read()
    headerSize = try reader.read()
    dumpLevel = try reader.read()
    pageSize = try reader.read()
    memorySize = try reader.read()
    memoryStart = try reader.read()
    memoryEnd = try reader.read()
  }

  /// Appends the common fields.
  package func write(to writer: inout ByteWriter) {
    writer.write(LKCDHeader.magic)
    writer.write(version)
    writer.write(headerSize)
    writer.write(dumpLevel)
    writer.write(pageSize)
    writer.write(memorySize)
    writer.write(memoryStart)
    writer.write(memoryEnd)
  }

  /// Where `dh_dump_compress` stands: behind the names of the system, whose place depends on the
  /// word size up to version 7 (the first name is known).
  package func packingField(in reader: ByteReader) -> Field<UInt32>? {
    switch number {
    case 1...4: nil
    case 5...7: LKCDHeader.isName(in: reader, at: 328) ? Field(at: 728) : Field(at: 712)
    default: Field(at: 0x2d2)
    }
  }

  /// `dh_dump_buffer_size`, since version 9: where pages begin.
  package static let dataOffset = Field<UInt64>(at: 0x2de)

  private static func isName(in reader: ByteReader, at offset: Int) -> Bool {
    reader.bytes.dropFirst(offset).starts(with: Array("Linux".utf8))
  }
}

/// The head of one page: `struct dump_page`. Its bytes follow it.
package struct LKCDPage: Equatable, Sendable {
  package var address: UInt64  // dp_address
  package var size: UInt32  // dp_size, of the bytes that follow
  package var flags: UInt32  // dp_flags

  /// Bytes of the structure.
  package static let size = 16
  /// `DUMP_RAW`
  package static let plain: UInt32 = 1
  /// `DUMP_COMPRESSED`
  package static let packed: UInt32 = 2
  /// `DUMP_END`
  package static let end: UInt32 = 4

  /// A head from its fields.
  package init(address: UInt64, size: UInt32, flags: UInt32) {
    self.address = address
    self.size = size
    self.flags = flags
  }

  /// Reads one head.
  package init(from reader: inout ByteReader) throws(ShortRecord) {
    address = try reader.read()
    size = try reader.read()
    flags = try reader.read()
  }

  /// Appends one head.
  package func write(to writer: inout ByteWriter) {
    writer.write(address)
    writer.write(size)
    writer.write(flags)
  }
}
