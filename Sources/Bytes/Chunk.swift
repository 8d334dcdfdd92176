internal import Glibc

/// One page-aligned buffer for bulk data: the only place where memory is managed by hand.
///
/// A chunk belongs to one thread at a time; ``ChunkPool`` hands it on.
@safe package final class Chunk: @unchecked Sendable {
  package let bytes: UnsafeMutableRawBufferPointer

  /// The usual size of one read or write: 1 MiB (measured: larger is no faster).
  package static let usualSize = 1 << 20

  /// A buffer of `size` bytes, all zero; pages that are never touched take no memory.
  package init(size: Int = usualSize) {
    let start = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard unsafe start != MAP_FAILED else { fatalError("no memory for \(size) bytes") }
    unsafe bytes = UnsafeMutableRawBufferPointer(start: start, count: size)
  }

  deinit {
    unsafe munmap(bytes.baseAddress, bytes.count)
  }
}
