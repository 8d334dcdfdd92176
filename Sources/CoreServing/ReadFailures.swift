internal import Bytes

/// Tells why reads fail, but not of each: a reader may ask for every page of an image that is gone.
final class ReadFailures: @unchecked Sendable {
  private let tell: @Sendable (String) -> Void
  private let lock = Lock()
  private var count = 0

  /// Failures that are told one by one.
  private static let most = 16

  init(_ tell: @escaping @Sendable (String) -> Void) {
    self.tell = tell
  }

  func report(_ text: String) {
    let number = lock.withLock {
      count += count <= ReadFailures.most ? 1 : 0
      return count
    }
    if number <= ReadFailures.most { tell(text) }
    if number == ReadFailures.most { tell("further reads that fail are not told one by one") }
  }
}
