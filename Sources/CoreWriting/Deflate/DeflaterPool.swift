internal import Bytes

/// Hands out deflaters and takes them back, so that a run makes one a thread.
final class DeflaterPool: @unchecked Sendable {
  private let lock = Lock()
  private let make: @Sendable () -> (any Deflater)?
  private var free: [any Deflater] = []

  /// A pool of deflaters of one kind.
  init(_ engine: DeflateEngine, level: Int, container: DeflateContainer) {
    make = { engine.deflater(level: level, container: container) }
  }

  /// Runs `body` with a deflater that nobody else uses meanwhile.
  func with<Result>(
    _ body: (any Deflater) throws(WriteError) -> Result
  ) throws(WriteError) -> Result {
    guard let deflater = lock.withLock({ free.popLast() }) ?? make() else {
      throw WriteError(.failed, "there is no memory for compression")
    }
    defer { lock.withLock { free.append(deflater) } }
    return try body(deflater)
  }
}
