internal import Bytes

/// What goes back to the kernel.
enum FuseAnswer {
  /// An error number.
  case failure(Int32)
  /// A small record.
  case bytes([UInt8])
  /// So many bytes at the start of the thread's buffer.
  case buffer(Int)
  /// So many zeros.
  case zeros(Int)
  /// The request has no answer.
  case none

  /// Size of `struct fuse_out_header`.
  static let headSize = 16

  /// `struct fuse_out_header`: length with the head, error or 0, and the request's number.
  static func head(count: Int, error: Int32, unique: UInt64) -> [UInt8] {
    var writer = ByteWriter(order: FuseProtocol.order, capacity: headSize)
    writer.write(UInt32(headSize + count))  // len
    writer.write(-error)  // error
    writer.write(unique)  // unique
    return writer.bytes
  }
}
