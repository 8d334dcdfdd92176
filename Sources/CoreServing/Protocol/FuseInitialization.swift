internal import Bytes

/// What the kernel offers at the start: `struct fuse_init_in`, as far as it is used.
struct FuseOffer {
  let major: UInt32  // major
  let minor: UInt32  // minor
  let readAhead: UInt32  // max_readahead
  let flags: UInt32  // flags

  init(from reader: ByteReader) throws(ShortRecord) {
    var reader = reader
    major = try reader.read()
    minor = try reader.read()
    readAhead = try reader.read()
    flags = try reader.read()
  }
}

/// The answer to the kernel's offer: `struct fuse_init_out`.
struct FuseAgreement {
  /// What both sides can do.
  let offer: FuseOffer
  /// Requests that may wait before readers are slowed down: `max_background`.
  static let waiting: UInt16 = 64

  var encoded: [UInt8] {
    var writer = ByteWriter(order: FuseProtocol.order)
    writer.write(FuseProtocol.major)
    writer.write(min(offer.minor, FuseProtocol.minor))
    writer.write(offer.readAhead)
    writer.write(offer.flags & FuseProtocol.wantedFlags)
    writer.write(FuseAgreement.waiting)
    writer.write(FuseAgreement.waiting / 4 * 3)  // congestion_threshold
    writer.write(FuseProtocol.largestWrite)  // max_write
    writer.write(UInt32(1))  // time_gran
    writer.write(UInt16(FuseProtocol.largestRead / 4096))  // max_pages
    writer.pad(to: 64)
    return writer.bytes
  }
}
