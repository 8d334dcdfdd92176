package import Bytes

/// What a VMware debug.guest file says of the memory that is in the .vmem file beside it,
/// little-endian. It has no mark: its size and the sum of its pages prove it. Source: crash
/// `vmware_guestdump.c`.
package struct VMwareGuestHeader: Equatable, Sendable {
  package var version: UInt32  // hdr.version
  package var processorCount: UInt32  // hdr.num_vcpus
  package var lastAddress: UInt64  // mem.last_addr
  package var pageCount: UInt64  // mem.memsize_in_pages
  package var holes: [VMwareGuestHole]  // mem_holes

  /// The byte order of the file.
  package static let order = ByteOrder.little
  /// Bytes that hold everything up to the last hole, whatever the version.
  package static let largestSize = 128
  private static let pageSize: UInt64 = 4096

  /// A header from its fields.
  package init(
    version: UInt32, processorCount: UInt32, lastAddress: UInt64, pageCount: UInt64,
    holes: [VMwareGuestHole]
  ) {
    self.version = version
    self.processorCount = processorCount
    self.lastAddress = lastAddress
    self.pageCount = pageCount
    self.holes = holes
  }

  /// Bytes between the head and what is said of memory; nil where the version is not known.
  package static func gap(ofVersion version: UInt32) -> Int? {
    switch version {
    case 1: 13
    case 3...5: 14
    case 6: 15
    case 7: 8
    default: nil
    }
  }

  /// Bytes of each number of pages.
  fileprivate static func wordSize(ofVersion version: UInt32) -> Int { version == 1 ? 4 : 8 }

  /// Reads a header.
  ///
  /// - Returns: nil where its numbers do not fit together.
  package init?(from reader: inout ByteReader) throws(ShortRecord) {
    version = try reader.read()
    processorCount = try reader.read()
    guard let gap = VMwareGuestHeader.gap(ofVersion: version) else { return nil }
    try reader.skip(gap)
    lastAddress = try reader.read()
    pageCount = try reader.readWord(size: VMwareGuestHeader.wordSize(ofVersion: version))
    try reader.skip(4)
    let count = try reader.read(UInt32.self)
    holes = []
    for index in 0..<2 {
      let hole = try VMwareGuestHole(from: &reader, version: version)
      if index < count { holes.append(hole) }
    }
    guard count <= 2, isWhole else { return nil }
  }

  /// Whether the pages and the holes are what lies below the last address.
  private var isWhole: Bool {
    var frames = pageCount
    var end: UInt64 = 0
    for hole in holes {
      guard hole.firstPage >= end, hole.pageCount > 0, let next = frames.adding(hole.pageCount),
        let behind = hole.firstPage.adding(hole.pageCount)
      else { return false }
      frames = next
      end = behind
    }
    return processorCount > 0 && pageCount > 0 && end <= frames
      && frames <= PhysicalAddress.end / VMwareGuestHeader.pageSize
      && lastAddress / VMwareGuestHeader.pageSize &+ 1 == frames
  }

  /// Appends the header.
  package func write(to writer: inout ByteWriter) {
    writer.write(version)
    writer.write(processorCount)
    let gap = VMwareGuestHeader.gap(ofVersion: version) ?? 0
    writer.write(contentsOf: repeatElement(0, count: gap))
    writer.write(lastAddress)
    writer.writeWord(pageCount, size: VMwareGuestHeader.wordSize(ofVersion: version))
    writer.write(UInt32(0))
    writer.write(UInt32(holes.count))
    let none = VMwareGuestHole(firstPage: 0, pageCount: 0)
    for index in 0..<2 {
      (index < holes.count ? holes[index] : none).write(to: &writer, version: version)
    }
  }
}

/// Pages that are no memory, and that the .vmem file leaves out.
package struct VMwareGuestHole: Equatable, Sendable {
  package var firstPage: UInt64  // ppn
  package var pageCount: UInt64  // pages

  /// A hole from its fields.
  package init(firstPage: UInt64, pageCount: UInt64) {
    self.firstPage = firstPage
    self.pageCount = pageCount
  }

  init(from reader: inout ByteReader, version: UInt32) throws(ShortRecord) {
    let size = VMwareGuestHeader.wordSize(ofVersion: version)
    firstPage = try reader.readWord(size: size)
    pageCount = try reader.readWord(size: size)
  }

  func write(to writer: inout ByteWriter, version: UInt32) {
    let size = VMwareGuestHeader.wordSize(ofVersion: version)
    writer.writeWord(firstPage, size: size)
    writer.writeWord(pageCount, size: size)
  }
}
