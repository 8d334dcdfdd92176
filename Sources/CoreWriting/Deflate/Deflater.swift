/// Compresses pieces of memory, each into a stream of its own. It belongs to one thread at a time.
protocol Deflater: AnyObject, Sendable {
  /// Compresses `input` into `output`.
  ///
  /// - Returns: the number of bytes written, or nil where they do not fit.
  func deflate(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int?
}

/// What stands around a deflate stream.
enum DeflateContainer: Sendable {
  /// RFC 1950: what kdump-compressed pages are.
  case zlib
  /// RFC 1952: one member of a gzip file.
  case gzip
}
