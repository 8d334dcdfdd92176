internal import Bytes

/// Hands out packers or unpackers and takes them back, so that a run makes one a thread: making one
/// for each page costs more than the page.
package final class CodecPool<Codec: Sendable>: @unchecked Sendable {
  private let lock = Lock()
  private let make: @Sendable () -> Codec?
  private var free: [Codec] = []
  private var made = 0

  /// A pool of what `make` makes; it answers nil where there is no memory for one more.
  package init(_ make: @escaping @Sendable () -> Codec?) {
    self.make = make
  }

  /// Runs `body` with one that nobody else uses meanwhile; nil where there is no memory for it.
  package func with<Result, Failure: Error>(
    _ body: (Codec) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    guard let codec = take() else { return nil }
    defer {
      lock.withLock { free.append(codec) }
      lock.wakeAll()
    }
    return try body(codec)
  }

  private func take() -> Codec? {
    if let codec = lock.withLock({ free.popLast() }) { return codec }
    if let codec = make() {
      lock.withLock { made += 1 }
      return codec
    }
    // Where there is no memory for one more, those that are there do.
    return lock.withLock {
      while made > 0 {
        if let codec = free.popLast() { return codec }
        lock.wait()
      }
      return nil
    }
  }
}
