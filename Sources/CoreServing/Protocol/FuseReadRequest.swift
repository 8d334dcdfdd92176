internal import Bytes

/// The body of a read, of a file or of a directory: `struct fuse_read_in`, as far as it is used.
struct FuseReadRequest {
  let offset: UInt64  // offset
  let size: UInt32  // size

  init(from reader: ByteReader) throws(ShortRecord) {
    offset = try reader.peek(at: 8)
    size = try reader.peek(at: 16)
  }
}

/// The body of a seek for data or a hole: `struct fuse_lseek_in`.
struct FuseSeekRequest {
  let offset: UInt64  // offset
  let origin: UInt32  // whence

  init(from reader: ByteReader) throws(ShortRecord) {
    offset = try reader.peek(at: 8)
    origin = try reader.peek(at: 16)
  }
}
