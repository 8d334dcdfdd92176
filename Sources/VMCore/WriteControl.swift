internal import Bytes
internal import CoreWriting

/// How a write is watched and stopped, and whether zeros take room.
public struct WriteControl: Sendable {
  /// Told how many bytes of the vmcore are done, by one thread at a time.
  public var progress: @Sendable (UInt64) -> Void
  /// Asked between pieces from any thread; true ends the run.
  public var isCancelled: @Sendable () -> Bool
  /// Whether pages of zeros become holes of a file.
  public var isSparse: Bool
  /// Told, once each, what the user should know about the form of the output.
  public var notice: @Sendable (String) -> Void

  /// What may be written of an image.
  var budget: Budget?

  /// By default nothing is watched, and zeros become holes.
  public init(
    progress: @escaping @Sendable (UInt64) -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false }, isSparse: Bool = true,
    notice: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.progress = progress
    self.isCancelled = isCancelled
    self.isSparse = isSparse
    self.notice = notice
  }

  var monitor: WriteMonitor {
    WriteMonitor(progress: progress, isCancelled: isCancelled, notice: notice, budget: budget)
  }
}
