/// Hands out chunks and takes them back, so that a run allocates a window of them and no more.
package final class ChunkPool: @unchecked Sendable {
  private let lock = Lock()
  private let size: Int
  private var free: [Chunk] = []

  /// A pool of chunks of `size` bytes.
  package init(size: Int = Chunk.usualSize) {
    self.size = size
  }

  /// A chunk for the caller alone; its content is whatever was in it before.
  package func take() -> Chunk {
    lock.withLock { free.popLast() } ?? Chunk(size: size)
  }

  /// Takes a chunk back.
  package func giveBack(_ chunk: Chunk) {
    lock.withLock { free.append(chunk) }
  }
}
