internal import Bytes

/// What `stat` shows of a node: `struct fuse_attr`.
struct FuseAttributes {
  var node: UInt64  // ino
  var size: UInt64 = 0  // size
  var time: UInt64  // atime, mtime, ctime
  var mode: UInt32 = 0  // mode
  var links: UInt32 = 1  // nlink
  var user: UInt32  // uid
  var group: UInt32  // gid

  init(node: UInt64, user: UInt32, group: UInt32, time: UInt64) {
    self.node = node
    self.user = user
    self.group = group
    self.time = time
  }

  private func write(to writer: inout ByteWriter) {
    writer.write(node)
    writer.write(size)
    writer.write((size >> 9) + (size & 511 == 0 ? 0 : 1))  // blocks, of 512 bytes
    for _ in 0..<3 { writer.write(time) }
    for _ in 0..<3 { writer.write(UInt32(0)) }  // the nanoseconds of the times
    for word in [mode, links, user, group, 0] { writer.write(word) }  // the last: rdev
    writer.write(UInt32(4096))  // blksize
    writer.write(UInt32(0))  // flags
  }

  /// The answer to a request for attributes: `struct fuse_attr_out`.
  var attributesAnswer: [UInt8] {
    var writer = ByteWriter(order: FuseProtocol.order)
    writer.write(FuseProtocol.validity)  // attr_valid
    writer.write(UInt64(0))  // attr_valid_nsec, dummy
    write(to: &writer)
    return writer.bytes
  }

  /// The answer to a lookup: `struct fuse_entry_out`.
  var lookupAnswer: [UInt8] {
    var writer = ByteWriter(order: FuseProtocol.order)
    writer.write(node)  // nodeid
    writer.write(UInt64(0))  // generation
    writer.write(FuseProtocol.validity)  // entry_valid
    writer.write(FuseProtocol.validity)  // attr_valid
    writer.write(UInt64(0))  // entry_valid_nsec, attr_valid_nsec
    write(to: &writer)
    return writer.bytes
  }
}
