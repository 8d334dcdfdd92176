internal import Bytes

/// Pages, groups of pages or larger parts that were last asked for piece by piece.
final class PageCache: Sendable {
  private let lock = Lock()
  private let parts = Parts()

  /// Parts that are kept at most.
  private static let mostParts = 8
  /// Bytes that are kept, but for the part that was added last.
  private static let limit = 8 << 20

  /// Used under the lock alone.
  private final class Parts: @unchecked Sendable {
    var list: [(number: UInt64, bytes: [UInt8])] = []
    var size = 0
  }

  /// The bytes of a part, where they are kept.
  func bytes(of number: UInt64) -> [UInt8]? {
    lock.withLock { parts.list.first { $0.number == number }?.bytes }
  }

  /// Keeps a part, instead of those that were added first.
  func add(_ bytes: [UInt8], of number: UInt64) {
    lock.withLock {
      parts.list.append((number, bytes))
      parts.size += bytes.count
      while parts.list.count > PageCache.mostParts
        || parts.size > PageCache.limit && parts.list.count > 1
      {
        parts.size -= parts.list.removeFirst().bytes.count
      }
    }
  }
}
