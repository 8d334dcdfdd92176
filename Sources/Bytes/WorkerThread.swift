internal import Glibc

/// A POSIX thread that runs one closure: the one way in which this program makes threads.
///
/// All signals are blocked in it, so that they interrupt the thread that waits for them.
package final class WorkerThread {
  private var handle = pthread_t()
  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts the thread; nil where the system has none to give (the others do the work).
  package init?(_ run: @escaping @Sendable () -> Void) {
    guard WorkerThread.hasRoom else { return nil }
    let body = unsafe Unmanaged.passRetained(Body(run))
    var all = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&all)
    // The new thread starts with its maker's mask.
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    let result = unsafe pthread_create(
      &handle, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, body.toOpaque())
    unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
    if result != 0 {
      unsafe body.release()
      return nil
    }
  }

  /// Address space that a thread needs: its stack, and buffers.
  private static let room: UInt64 = 24 << 20

  /// Whether a limit of the address space (`ulimit -v`) leaves enough for one more.
  private static var hasRoom: Bool {
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_AS.rawValue)
    guard unsafe getrlimit(kind, &limit) == 0, limit.rlim_cur != rlim_t.max else { return true }
    let pages = textOfSmallFile("/proc/self/statm")?.prefix { $0 != " " }
    guard let used = pages.flatMap({ UInt64($0) }) else { return true }
    return UInt64(limit.rlim_cur) / 4096 >= used + room / 4096
  }

  /// Waits until the closure has returned.
  package func join() {
    pthread_join(handle, nil)
  }

  /// Lets the thread end on its own.
  package func detach() {
    pthread_detach(handle)
  }
}
