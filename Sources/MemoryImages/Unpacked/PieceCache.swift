internal import Bytes

/// Pieces of unpacked bytes that were used last. A thread that wants a piece on which another one
/// is at work unpacks the next piece meanwhile: several that read in order do not wait in turn.
final class PieceCache: @unchecked Sendable {
  private let lock = Lock()
  /// Those used last at the end; nil while a thread is at work on one.
  private var entries: [(number: Int, chunk: Chunk?)] = []

  /// Bytes that are kept, but for the two pieces used last.
  private static let limit = 16 << 20

  typealias Make = (Int) throws(ReadError) -> Chunk

  /// The piece of a number, which `make` unpacks where nobody has.
  ///
  /// - Parameter next: the piece that will be wanted then, if any.
  func piece(_ number: Int, next: Int?, _ make: Make) throws(ReadError) -> Chunk {
    if let chunk = try take(number, make, waits: false) { return chunk }
    if let next { _ = try? take(next, make, waits: false) }
    while true {
      if let chunk = try take(number, make, waits: true) { return chunk }
    }
  }

  /// The piece, unpacked here if need be; nil where another thread is, or was, at work on it.
  private func take(_ number: Int, _ make: Make, waits: Bool) throws(ReadError) -> Chunk? {
    let (chunk, isMine) = lock.withLock { () -> (Chunk?, Bool) in
      guard let index = entries.firstIndex(where: { $0.number == number }) else {
        drop()
        entries.append((number, nil))
        return (nil, true)
      }
      guard let chunk = entries[index].chunk else {
        if waits { lock.wait() }
        return (nil, false)
      }
      entries.append(entries.remove(at: index))
      return (chunk, false)
    }
    guard isMine else { return chunk }
    do throws(ReadError) {
      let chunk = try make(number)
      finish(number, chunk)
      return chunk
    } catch {
      finish(number, nil)
      throw error
    }
  }

  private func finish(_ number: Int, _ chunk: Chunk?) {
    lock.withLock {
      if let index = entries.firstIndex(where: { $0.number == number }) {
        if chunk == nil { entries.remove(at: index) } else { entries[index].chunk = chunk }
      }
      lock.wakeAll()
    }
  }

  /// Makes room for one more.
  private func drop() {
    var size = entries.reduce(0) { $0 + ($1.chunk.map { unsafe $0.bytes.count } ?? 0) }
    while size > PieceCache.limit, entries.count > 2,
      let index = entries.firstIndex(where: { $0.chunk != nil })
    {
      size -= entries[index].chunk.map { unsafe $0.bytes.count } ?? 0
      entries.remove(at: index)
    }
  }
}
