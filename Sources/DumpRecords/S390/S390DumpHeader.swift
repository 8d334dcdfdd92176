package import Bytes

/// The first page of an s390 dump: that of zgetdump and of the stand-alone dumpers, big-endian. The
/// registers are in the memory. Source: s390-tools `include/dump/s390_dump.h`.
package struct S390DumpHeader: Equatable, Sendable {
  package var kind: Kind  // magic
  package var version: UInt32  // version
  package var headerSize: UInt32  // hdr_size
  package var pageSize: UInt32  // page_size
  package var memorySize: UInt64  // mem_size
  package var memoryEnd: UInt64  // mem_end
  package var pageCount: UInt32  // num_pages
  package var clock: UInt64  // tod
  package var volume: UInt32  // volnr
  package var isMultiVolume: Bool  // mvdump
  package var onlineProcessors: UInt16  // real_cpu_cnt
  package var lowcores: [UInt32]  // lc_vec, of which cpu_cnt are there
  package var zlibVersion: UInt8  // zlib_version; 0: nothing is packed
  package var zlibEntrySize: UInt32  // zlib_entry_size

  /// What the mark says.
  package enum Kind: UInt64, Sendable {
    /// All memory as it is.
    case plain = 0xa819_0173_618f_23fd
    /// Segments of what is not zero.
    case segments = 0xa819_0173_618f_23fe
  }

  /// Bytes of the header.
  package static let size = 4096
  /// The byte order of everything.
  package static let order = ByteOrder.big
  /// `DUMP_END`, which stands behind the memory with the time.
  package static let endMark = Array("DUMP_END".utf8)
  /// Bytes of the mark and the time.
  package static let endSize = 16

  /// Entries that have room in lc_vec.
  package static let mostLowcores = 512

  private enum Place {
    static let clock = 0x38
    static let architecture = 0x48
    static let volume = 0x4c
    static let multiVolume = 0x5c
    static let processors = 0x5d
    static let onlineProcessors = 0x5f
    static let zlibVersion = 0x61
    static let zlibEntrySize = 0x62
    static let sign = 0x200
    static let lowcores = 0x800
  }

  /// A header of a machine with that much memory.
  package init(_ kind: Kind, memorySize: UInt64, clock: UInt64) {
    self.kind = kind
    version = 5
    headerSize = UInt32(S390DumpHeader.size)
    pageSize = 4096
    self.memorySize = memorySize
    memoryEnd = memorySize &- 1
    pageCount = UInt32(truncatingIfNeeded: memorySize / 4096)
    self.clock = clock
    volume = 0
    isMultiVolume = false
    onlineProcessors = 0
    lowcores = []
    zlibVersion = 0
    zlibEntrySize = 0
  }

  /// Reads a header.
  ///
  /// - Returns: nil where the mark is another one.
  package init?(_ bytes: [UInt8]) throws(ShortRecord) {
    let reader = ByteReader(bytes, order: S390DumpHeader.order)
    guard let kind = Kind(rawValue: try reader.peek(at: 0)) else { return nil }
    guard bytes.count >= S390DumpHeader.size else {
      throw ShortRecord(offset: bytes.count, wanted: 1, size: bytes.count)
    }
    self.kind = kind
    version = try reader.peek(at: 8)
    headerSize = try reader.peek(at: 0xc)
    pageSize = try reader.peek(at: 0x14)
    memorySize = try reader.peek(at: 0x18)
    memoryEnd = try reader.peek(at: 0x28)
    pageCount = try reader.peek(at: 0x30)
    clock = try reader.peek(at: Place.clock)
    volume = try reader.peek(at: Place.volume)
    isMultiVolume = try reader.peek(at: Place.multiVolume, UInt8.self) != 0
    let count = min(
      Int(try reader.peek(at: Place.processors, UInt16.self)), S390DumpHeader.mostLowcores)
    onlineProcessors = try reader.peek(at: Place.onlineProcessors)
    lowcores = []
    for index in 0..<count {
      lowcores.append(try reader.peek(at: Place.lowcores + 4 * index))
    }
    zlibVersion = try reader.peek(at: Place.zlibVersion)
    zlibEntrySize = try reader.peek(at: Place.zlibEntrySize)
  }

  /// The size of memory that `mem_end` (the last byte, or what is behind it) and `num_pages` agree on
  /// against ``memorySize``; nil where they do not.
  package var otherSize: UInt64? {
    let end = memoryEnd % 2 == 1 ? memoryEnd &+ 1 : memoryEnd
    return end != memorySize && end > 0 && end / 4096 == UInt64(pageCount) ? end : nil
  }

  /// The TOD clock at a time in microseconds since 1970: bit 51 counts them, from 1900 on.
  package static func clock(atMicroseconds time: UInt64) -> UInt64 {
    time << 12 &+ 0x7d91_048b_ca00_0000
  }

  /// The mark behind the memory, with the time.
  package var end: [UInt8] {
    var writer = ByteWriter(order: S390DumpHeader.order, capacity: S390DumpHeader.endSize)
    writer.write(contentsOf: S390DumpHeader.endMark)
    writer.write(clock)
    return writer.bytes
  }

  /// Appends the whole page.
  package func write(to writer: inout ByteWriter) {
    let start = writer.bytes.count
    writer.write(kind.rawValue)
    writer.write(version)
    writer.write(headerSize)
    writer.write(UInt32(4))
    writer.write(pageSize)
    writer.write(memorySize)
    writer.write(UInt64(0))
    writer.write(memoryEnd)
    writer.write(pageCount)
    writer.write(UInt32(0))
    writer.write(clock)
    writer.pad(to: start + Place.architecture)
    writer.write(UInt32(2))
    writer.write(volume)
    writer.write(UInt32(2))
    writer.write(memorySize)
    writer.write(UInt8(isMultiVolume ? 1 : 0))
    writer.write(UInt16(truncatingIfNeeded: lowcores.count))
    writer.write(onlineProcessors)
    writer.pad(to: start + Place.zlibVersion)
    writer.write(zlibVersion)
    writer.write(zlibEntrySize)
    writer.pad(to: start + Place.sign)
    if isMultiVolume { writer.write(Kind.segments.rawValue) }
    writer.pad(to: start + Place.lowcores)
    for lowcore in lowcores { writer.write(lowcore) }
    writer.pad(to: start + S390DumpHeader.size)
  }
}

/// The page before each segment of an s390_ext dump: `struct df_s390_dump_segm_hdr`.
package struct S390DumpSegment: Equatable, Sendable {
  package var start: UInt64  // start, the address
  package var length: UInt64  // len, in memory
  package var stop: UInt64  // stop_marker; not 0: the last one
  package var blocksOnDisk: UInt32  // size_on_disk, in blocks of the disk; 0: stored plain
  package var entries: [UInt32]  // entry_offset, in blocks; the highest bit: stored plain

  /// Bytes of the page.
  package static let size = 4096
  /// Entries that have room in it.
  package static let mostEntries = 1011
  /// The bit of an entry that is not packed.
  package static let plainBit: UInt32 = 1 << 31
  private static let entryCountOffset = 0x30

  /// A segment from its Place.
  package init(
    start: UInt64, length: UInt64, stop: UInt64 = 0, blocksOnDisk: UInt32 = 0,
    entries: [UInt32] = []
  ) {
    self.start = start
    self.length = length
    self.stop = stop
    self.blocksOnDisk = blocksOnDisk
    self.entries = entries
  }

  /// Reads a page.
  ///
  /// - Returns: nil where it has more entries than there is room for.
  package init?(from reader: inout ByteReader) throws(ShortRecord) {
    let page = reader.position
    start = try reader.read()
    length = try reader.read()
    stop = try reader.read()
    blocksOnDisk = try reader.read()
    try reader.skip(S390DumpSegment.entryCountOffset - (reader.position - page))
    let count = try reader.read(UInt32.self)
    entries = []
    let isSound = count <= UInt32(S390DumpSegment.mostEntries)
    for _ in 0..<(isSound ? Int(count) : 0) { entries.append(try reader.read()) }
    try reader.skip(S390DumpSegment.size - (reader.position - page))
    guard isSound else { return nil }
  }

  /// Appends the page.
  package func write(to writer: inout ByteWriter) {
    let page = writer.bytes.count
    writer.write(start)
    writer.write(length)
    writer.write(stop)
    writer.write(blocksOnDisk)
    writer.pad(to: page + S390DumpSegment.entryCountOffset)
    writer.write(UInt32(entries.count))
    for entry in entries { writer.write(entry) }
    writer.pad(to: page + S390DumpSegment.size)
  }
}
