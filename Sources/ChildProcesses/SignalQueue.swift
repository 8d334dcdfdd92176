internal import CLinux
internal import Glibc

/// Signals read from a descriptor instead of being handled: for a command that waits.
package final class SignalQueue {
  /// One that came.
  package struct Arrival {
    /// Its number.
    package let number: Int32
    /// From the kernel: a terminal sends it to the whole process group, so others have it too.
    package let isFromKernel: Bool
  }

  private let descriptor: Int32

  /// From here on these signals, and SIGCHLD, are queued; those that came before are not. One
  /// that is ignored must not be among them: it would be queued all the same.
  package init?(_ numbers: [Int32]) {
    // A parent may have ignored it, then no ending of a child would be kept.
    signal(SIGCHLD, SIG_DFL)
    let numbers = numbers + [SIGCHLD]
    descriptor = unsafe clinux_queue_signals(numbers, Int32(numbers.count))
    guard descriptor >= 0 else { return nil }
  }

  deinit {
    close(descriptor)
  }

  /// Sleeps until a signal arrives or one of `others` can be read.
  package func wait(orFor others: [Int32] = []) {
    var polls = ([descriptor] + others).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    _ = unsafe poll(&polls, nfds_t(polls.count), -1)
  }

  /// The next one in the queue, without waiting.
  package func next() -> Arrival? {
    var isFromKernel: Int32 = 0
    let number = unsafe clinux_next_signal(descriptor, &isFromKernel)
    return number > 0 ? Arrival(number: number, isFromKernel: isFromKernel != 0) : nil
  }
}
