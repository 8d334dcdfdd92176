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

  /// Catches SIGINT, SIGTERM, SIGHUP and SIGQUIT, unless they are ignored already (as under
  /// `nohup`); a closed pipe and a limit on the file's size become errors of the write.
  static func install() {
    signal.store(0, ordering: .relaxed)
    for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] where !isIgnored(number) {
      handle(number) { Interruption.note($0) }
    }
    handle(SIGALRM) { _ in _ = alarm(1) }
    Glibc.signal(SIGPIPE, SIG_IGN)
    Glibc.signal(SIGXFSZ, SIG_IGN)
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    unsafe sigaction(number, nil, &action)
    return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// Those of some signals that are not ignored.
  static func wanted(_ numbers: [Int32]) -> [Int32] { numbers.filter { !isIgnored($0) } }

  private static func handle(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = handler
    // No SA_RESTART: a blocked write must return to see the signal.
    unsafe sigaction(number, &action, nil)
  }

  /// A write that begins just after the signal came would not return: the alarm, which repeats,
  /// ends it.
  private static func note(_ number: Int32) {
    signal.store(number, ordering: .relaxed)
    _ = alarm(1)
  }

  /// Ends the process by a signal, so that a shell sees its status.
  static func die(by number: Int32) -> Never {
    // This process holds memory of the crashed machine: it leaves no core of its own.
    var limit = rlimit()
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    Glibc.signal(number, SIG_DFL)
    var set = sigset_t()
    unsafe sigemptyset(&set)
    unsafe sigaddset(&set, number)
    unsafe sigprocmask(SIG_UNBLOCK, &set, nil)
    raise(number)
    exit(128 + number)
  }
}
