import CLinux
import Glibc

/// Signals read from a descriptor instead of being handled: for a command that waits.
final class SignalQueue {
  /// One that came.
  struct Arrival {
    let number: Int32
    /// From the kernel: a terminal sends it to the whole process group, so others have it too.
    let isFromKernel: Bool
  }

  private let descriptor: Int32

  /// Those that end or concern a waiting command.
  private static let numbers = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD]

  /// From here on the signals are queued. A signal that came before is in ``Interruption``.
  init?() {
    // A parent may have ignored it, then no ending of a child would be kept.
    signal(SIGCHLD, SIG_DFL)
    // One that is ignored, as under `nohup`, would be queued all the same.
    let numbers = SignalQueue.numbers.filter { !Interruption.isIgnored($0) }
    descriptor = unsafe clinux_queue_signals(numbers, Int32(numbers.count))
    guard descriptor >= 0 else { return nil }
  }

  deinit {
    close(descriptor)
  }

  /// Sleeps until a signal arrives or one of `others` can be read.
  func wait(orFor others: [Int32] = []) {
    var polls = ([descriptor] + others).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    _ = unsafe poll(&polls, nfds_t(polls.count), -1)
  }

  /// The next one in the queue, without waiting.
  func next() -> Arrival? {
    var isFromKernel: Int32 = 0
    let number = unsafe clinux_next_signal(descriptor, &isFromKernel)
    return number > 0 ? Arrival(number: number, isFromKernel: isFromKernel != 0) : nil
  }
}

/// Whether a descriptor can be read, or has come to its end.
func isReadable(_ descriptor: Int32) -> Bool {
  var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
  return unsafe poll(&item, 1, 0) > 0
}
