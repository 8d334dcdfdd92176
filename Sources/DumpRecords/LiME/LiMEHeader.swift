package import Bytes

/// What stands before each range of memory in a LiME file, and before each block in a file of AVML:
/// `lime_mem_range_header`. LiME writes it in the byte order of the machine, AVML always
/// little-endian. Sources: LiME `src/lime.h`, AVML `src/image.rs`.
package struct LiMEHeader: Equatable, Sendable {
  package var kind: Kind  // magic and version
  package var start: UInt64  // s_addr
  package var last: UInt64  // e_addr: the last byte, not the one behind it
  package var reserved: UInt64  // reserved[8]: zero

  /// What follows the header.
  package enum Kind: Sendable {
    /// The bytes of the range.
    case plain
    /// A framed stream of snappy and its length.
    case packed

    /// `LiME` as a number, or `AVML`: as they stand in a file of a byte order; nil where no writer
    /// makes such a file.
    package func magic(_ order: ByteOrder) -> [UInt8]? {
      switch (self, order) {
      case (.plain, .little): Array("EMiL".utf8)
      case (.plain, .big): Array("LiME".utf8)
      case (.packed, .little): Array("AVML".utf8)
      case (.packed, .big): nil
      }
    }

    fileprivate var version: UInt32 { self == .plain ? 1 : 2 }
  }

  /// Bytes of the structure.
  package static let size = 32
  /// The byte order that every reader knows.
  package static let order = ByteOrder.little

  /// The header of a range.
  package init(_ kind: Kind, _ range: ClosedRange<UInt64>) {
    self.kind = kind
    start = range.lowerBound
    last = range.upperBound
    reserved = 0
  }

  /// Reads one header in the reader's byte order.
  ///
  /// - Returns: nil where magic and version are others.
  package init?(from reader: inout ByteReader) throws(ShortRecord) {
    let magic = Array(try reader.take(4))
    let version: UInt32 = try reader.read()
    start = try reader.read()
    last = try reader.read()
    reserved = try reader.read()
    switch (magic, version) {
    case (Kind.plain.magic(reader.order), Kind.plain.version): kind = .plain
    case (Kind.packed.magic(reader.order), Kind.packed.version): kind = .packed
    default: return nil
    }
  }

  /// Appends one header.
  package func write(to writer: inout ByteWriter) {
    writer.write(contentsOf: kind.magic(writer.order) ?? [])
    writer.write(kind.version)
    writer.write(start)
    writer.write(last)
    writer.write(reserved)
  }

  /// The addresses; nil where they are none, or end beyond 64 bits.
  package var range: Range<UInt64>? {
    guard start <= last, let end = last.adding(1) else { return nil }
    return start..<end
  }
}
