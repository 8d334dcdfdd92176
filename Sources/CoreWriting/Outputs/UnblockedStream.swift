internal import Bytes
internal import CLinux
internal import Glibc

/// A descriptor that is written to in order, without waiting in the call where that can be had: any
/// thread may write, and only one of them gets the signals that would end such a call.
///
/// Every call answers like the system's, with the error `EAGAIN` where it would have to wait.
final class UnblockedStream {
  /// Whether it is a pipe, into which pages can be moved.
  let isPipe: Bool
  private let isSocket: Bool
  private let descriptor: Int32
  /// A descriptor of its own of the same pipe, so that whoever shares the first one sees no change.
  private let own: Int32?

  private var writable: Int32 { own ?? descriptor }

  /// A pipe, a socket, or anything else, which is then written to as it is.
  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    let kind = (try? FileStatus(of: descriptor, path: ""))?.kind
    isSocket = kind == .socket
    isPipe = kind == .pipe
    if isPipe { _ = clinux_set_pipe_size(descriptor, Int32(Chunk.usualSize)) }
    let opened =
      isPipe
      ? unsafe open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_CLOEXEC) : -1
    own = opened >= 0 ? opened : nil
  }

  deinit {
    if let own { close(own) }
  }

  /// Writes bytes (`write(2)`).
  func write(_ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    isSocket
      ? unsafe send(descriptor, bytes, count, Int32(MSG_DONTWAIT))
      : unsafe Glibc.write(writable, bytes, count)
  }

  /// Moves pages of a file into a pipe (`splice(2)`).
  func splice(_ place: FilePosition, _ count: UInt64) -> Int {
    Int(clinux_splice(place.descriptor, Int64(place.offset), writable, count))
  }

  /// Maps pages of memory into a pipe that are never written to (`vmsplice(2)`), which heeds no
  /// `O_NONBLOCK`: a pipe that can be written to takes some of them without waiting.
  func map(_ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    guard poll(.zero) else {
      errno = EAGAIN
      return -1
    }
    return Int(unsafe clinux_vmsplice(writable, bytes, UInt64(count)))
  }

  /// Waits until bytes can be written; false where that takes longer. A signal does not end it.
  func poll(_ time: Duration) -> Bool {
    let end = SteadyClock.now + time
    while true {
      let left = max(.zero, end - SteadyClock.now) / .milliseconds(1)
      var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      let result = unsafe Glibc.poll(&poll, 1, Int32(left.rounded(.up)))
      if result > 0 { return true }
      if result == 0 || errno != EINTR { return false }
    }
  }
}
