internal import Bytes

/// Pieces of unpacked bytes that were used last. A thread that wants a piece on which another one
/// is at work unpacks the next piece meanwhile: several that read in order do not wait in turn.
final class PieceCache: @unchecked Sendable {
  private let lock = Lock()
  /// Those used last at the end; nil while a thread is at work on one.
  private var entries: [(number: Int, bytes: PieceBytes?)] = []

  /// Bytes that are kept, but for the two pieces used last.
  private static let limit = 16 << 20

  typealias Make = (Int) throws(ReadError) -> PieceBytes

  /// The piece of a number, which `make` unpacks where nobody has.
  ///
  /// - Parameter next: the piece that will be wanted then, if any.
  func piece(_ number: Int, next: Int?, _ make: Make) throws(ReadError) -> PieceBytes {
    if let bytes = try take(number, make, waits: false) { return bytes }
    if let next { _ = try? take(next, make, waits: false) }
    while true {
      if let bytes = try take(number, make, waits: true) { return bytes }
    }
  }

  /// The piece, unpacked here if need be; nil where another thread is, or was, at work on it.
  private func take(_ number: Int, _ make: Make, waits: Bool) throws(ReadError) -> PieceBytes? {
    let (bytes, isMine) = lock.withLock { () -> (PieceBytes?, Bool) in
      guard let index = entries.firstIndex(where: { $0.number == number }) else {
        drop()
        entries.append((number, nil))
        return (nil, true)
      }
      guard let bytes = entries[index].bytes else {
        if waits { lock.wait() }
        return (nil, false)
      }
      entries.append(entries.remove(at: index))
      return (bytes, false)
    }
    guard isMine else { return bytes }
    do throws(ReadError) {
      let bytes = try make(number)
      finish(number, bytes)
      return bytes
    } catch {
      finish(number, nil)
      throw error
    }
  }

  private func finish(_ number: Int, _ bytes: PieceBytes?) {
    lock.withLock {
      if let index = entries.firstIndex(where: { $0.number == number }) {
        if bytes == nil { entries.remove(at: index) } else { entries[index].bytes = bytes }
      }
      lock.wakeAll()
    }
  }

  /// Makes room for one more.
  private func drop() {
    var size = entries.reduce(0) { $0 + ($1.bytes?.count ?? 0) }
    while size > PieceCache.limit, entries.count > 2,
      let index = entries.firstIndex(where: { $0.bytes != nil })
    {
      size -= entries[index].bytes?.count ?? 0
      entries.remove(at: index)
    }
  }
}

/// The bytes of one piece. Their memory is used again once nobody holds them.
final class PieceBytes: Sendable {
  let count: Int
  private let chunk: Chunk
  private let pool: ChunkPool?

  fileprivate init(_ chunk: Chunk, _ count: Int, of pool: ChunkPool?) {
    self.chunk = chunk
    self.count = count
    self.pool = pool
  }

  deinit {
    pool?.giveBack(chunk)
  }

  var bytes: UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[..<count])
  }
}

/// Memory for pieces: where all are about as large, that of one is good for the next.
struct PieceMemory: Sendable {
  private let largest: Int
  private let pool: ChunkPool

  /// Memory for pieces of at most `largest` bytes.
  init(largest: Int) {
    self.largest = largest
    pool = ChunkPool(size: max(1, largest))
  }

  /// Memory for one piece; its content is whatever was in it before.
  func take(_ count: Int) -> PieceBytes {
    count > largest / 2
      ? PieceBytes(pool.take(), count, of: pool) : PieceBytes(Chunk(size: count), count, of: nil)
  }
}
