internal import Bytes
internal import Glibc

/// A descriptor that is written to in order, without waiting in the call where that can be had: any
/// thread may write, and only one of them gets the signals that would end such a call.
final class UnblockedStream {
  private let descriptor: Int32
  /// A descriptor of its own of the same pipe, so that whoever shares the first one sees no change.
  private let own: Int32?
  private let isSocket: Bool

  /// A pipe, a socket, or anything else, which is then written to as it is.
  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    let kind = (try? FileStatus(of: descriptor, path: ""))?.kind
    isSocket = kind == .socket
    let opened =
      kind == .pipe
      ? unsafe open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_CLOEXEC) : -1
    own = opened >= 0 ? opened : nil
  }

  deinit {
    if let own { close(own) }
  }

  /// Like `write(2)`; with the error `EAGAIN` where it would have to wait.
  func write(_ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    isSocket
      ? unsafe send(descriptor, bytes, count, Int32(MSG_DONTWAIT))
      : unsafe Glibc.write(own ?? descriptor, bytes, count)
  }

  /// Waits until bytes can be written; false where that takes longer. A signal does not end it.
  func poll(_ time: Duration) -> Bool {
    let end = ContinuousClock.now + time
    while true {
      let left = max(.zero, end - .now) / .milliseconds(1)
      var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      let result = unsafe Glibc.poll(&poll, 1, Int32(left.rounded(.up)))
      if result > 0 { return true }
      if result == 0 || errno != EINTR { return false }
    }
  }
}
