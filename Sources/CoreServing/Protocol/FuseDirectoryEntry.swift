internal import Bytes
internal import Glibc

/// One entry of a directory: `struct fuse_dirent` with its name.
struct FuseDirectoryEntry {
  let node: UInt64  // ino
  /// Where the entry behind this one starts, in the directory's own count.
  let next: UInt64  // off
  let isFolder: Bool  // type
  let name: String  // namelen, name

  var encoded: [UInt8] {
    var writer = ByteWriter(order: FuseProtocol.order)
    writer.write(node)
    writer.write(next)
    writer.write(UInt32(name.utf8.count))
    writer.write(UInt32(isFolder ? DT_DIR : DT_REG))
    writer.write(contentsOf: name.utf8)
    writer.pad(to: (writer.bytes.count + 7) & ~7)
    return writer.bytes
  }
}
