import Glibc
import Synchronization

/// Signals that end a run: the handler notes them, the work sees that and cleans up.
enum Interruption {
  private static let signal = Atomic<Int32>(0)

  /// The signal that came, where one did.
  static var pendingSignal: Int32? {
    let number = signal.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// Whether one came.
  static var isPending: Bool { pendingSignal != nil }

  /// Catches SIGINT, SIGTERM and SIGHUP; a closed pipe becomes an error of the write.
  static func install() {
    signal.store(0, ordering: .relaxed)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var action = sigaction()
      unsafe action.__sigaction_handler.sa_handler = { Interruption.note($0) }
      // No SA_RESTART: a blocked write must return to see the signal.
      unsafe sigaction(number, &action, nil)
    }
    Glibc.signal(SIGPIPE, SIG_IGN)
  }

  private static func note(_ number: Int32) {
    signal.store(number, ordering: .relaxed)
  }

  /// Ends the process by a signal, so that a shell sees its status.
  static func die(by number: Int32) -> Never {
    Glibc.signal(number, SIG_DFL)
    var set = sigset_t()
    unsafe sigemptyset(&set)
    unsafe sigaddset(&set, number)
    unsafe sigprocmask(SIG_UNBLOCK, &set, nil)
    raise(number)
    exit(128 + number)
  }
}
