/// How a running write is watched and stopped.
package struct WriteMonitor: Sendable {
  /// Told how many bytes of the output are done; called by one thread at a time.
  package var progress: @Sendable (UInt64) -> Void
  /// Asked between pieces; true stops the run with ``WriteError/Kind/cancelled``.
  package var isCancelled: @Sendable () -> Bool
  /// Told what the user should know about the form of the output.
  package var notice: @Sendable (String) -> Void

  /// Watches nothing unless told to.
  package init(
    progress: @escaping @Sendable (UInt64) -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false },
    notice: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.progress = progress
    self.isCancelled = isCancelled
    self.notice = notice
  }
}
