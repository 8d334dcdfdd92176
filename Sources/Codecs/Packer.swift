/// Packs pieces of memory, each into a stream of its own. It belongs to one thread at a time.
package protocol Packer: AnyObject, Sendable {
  /// Packs `input` into `output`.
  ///
  /// - Returns: the number of bytes written, or nil where they do not fit.
  func pack(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int?
}

/// What stands around a deflate stream.
package enum DeflateContainer: Sendable {
  /// RFC 1950: what kdump-compressed pages are.
  case zlib
  /// RFC 1952: one member of a gzip file.
  case gzip

  /// How zlib is told: `windowBits` of 32 KiB, with 16 more for gzip.
  var windowBits: Int32 {
    switch self {
    case .zlib: 15
    case .gzip: 31
    }
  }
}
