/// One page-aligned buffer for bulk data: the only place where memory is managed by hand.
///
/// A chunk belongs to one thread at a time; ``ChunkPool`` hands it on.
@safe package final class Chunk: @unchecked Sendable {
  package let bytes: UnsafeMutableRawBufferPointer

  /// The usual size of one read or write: 1 MiB (measured: larger is no faster).
  package static let usualSize = 1 << 20

  /// A buffer of `size` bytes, all zero.
  package init(size: Int = usualSize) {
    unsafe bytes = .allocate(byteCount: size, alignment: 4096)
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit {
    unsafe bytes.deallocate()
  }
}
