/// How a running write is watched and stopped.
package struct WriteMonitor: Sendable {
  /// Told how many bytes of the output are done; called by one thread at a time.
  package var progress: @Sendable (UInt64) -> Void
  /// Asked between pieces; true stops the run with ``WriteError/Kind/cancelled``.
  package var isCancelled: @Sendable () -> Bool

  /// Watches nothing unless told to.
  package init(
    progress: @escaping @Sendable (UInt64) -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    self.progress = progress
    self.isCancelled = isCancelled
  }
}
