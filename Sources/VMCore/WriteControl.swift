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

  /// Whether an output that cannot be written to its end is kept as a shorter one that says so: an
  /// ELF vmcore or kdump-compressed files, in a file. See ``WrittenOutput/shortage``.
  public var keepsPartial = false

  /// Whether an output is on its disk before it has its name, and its name before the run ends.
  public var isDurable = false

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
    var monitor = WriteMonitor(
      progress: progress, isCancelled: isCancelled, notice: notice, budget: budget)
    monitor.keepsPartial = keepsPartial
    return monitor
  }
}

/// What came of a write.
public struct WrittenOutput: Sendable {
  /// The SHA-256 in hexadecimal, where it was asked for and no file can be put beside the output.
  public var digest: String?
  /// Why the output ended early, where a shorter one was kept: it says in itself that it is
  /// incomplete, and has no digest.
  public var shortage: VMCoreError?
}

extension WrittenOutput {
  init(_ written: PlannedFile.Written) {
    digest = written.digest.map(DigestFile.text)
    shortage = written.shortage.map { VMCoreError($0) }
  }
}
