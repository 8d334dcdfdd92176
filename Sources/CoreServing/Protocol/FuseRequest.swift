internal import Bytes

/// The head of one request, `struct fuse_in_header`, with the bytes behind it.
struct FuseRequest {
  let operation: UInt32  // opcode
  let unique: UInt64  // unique
  let node: UInt64  // nodeid
  /// What follows the head, in a record of its own.
  let body: ByteReader

  /// Size of the head.
  static let headSize = 40

  /// Reads one request, whose length must be the number of bytes that arrived.
  ///
  /// - Returns: nil for bytes that are no request.
  init?(_ bytes: [UInt8]) {
    var reader = ByteReader(bytes, order: FuseProtocol.order)
    do throws(ShortRecord) {
      guard Int(try reader.read(UInt32.self)) == bytes.count else { return nil }  // len
      operation = try reader.read()
      unique = try reader.read()
      node = try reader.read()
      try reader.skip(16)  // uid, gid, pid, total_extlen, padding
    } catch {
      return nil
    }
    body = ByteReader(Array(bytes[FuseRequest.headSize...]), order: FuseProtocol.order)
  }

  /// The body of a lookup: a name, ended by a NUL.
  var name: ArraySlice<UInt8>? {
    body.bytes.firstIndex(of: 0).map { body.bytes[..<$0] }
  }
}
