/// Unpacks streams that lie whole in memory, one after the other. It belongs to one thread at a
/// time.
package protocol Unpacker: AnyObject, Sendable {
  /// Unpacks the stream that `input` begins with into `output`.
  ///
  /// - Returns: the number of bytes that it gave, or nil where it is damaged, is cut off or gives
  ///   more than `output` holds.
  func unpack(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int?
}

/// The form of a packed stream, for whoever reads one.
package enum PackedForm: String, Sendable, CaseIterable {
  /// RFC 1950.
  case zlib

  /// What unpacks it; nil where there is no memory for it.
  package func unpacker() -> (any Unpacker)? {
    switch self {
    case .zlib: ZlibUnpacker()
    }
  }
}
