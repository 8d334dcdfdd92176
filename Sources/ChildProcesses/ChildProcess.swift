internal import CLinux
internal import Glibc

/// Another program that this one started and waits for.
package struct ChildProcess: Sendable {
  /// Its process number.
  package let identifier: Int32

  /// How it ended.
  package enum Ending: Equatable, Sendable {
    case exited(Int32)
    case killed(by: Int32)
  }

  /// What it gets from here beside its arguments.
  package struct Surroundings: Sendable {
    /// One more `NAME=value` for its environment.
    package var environment: String?
    /// Standard input, output and error; nil: the same as here.
    package var standard: (input: Int32?, output: Int32?, error: Int32?) = (nil, nil, nil)
    /// A descriptor that stays open under its number.
    package var kept: Int32?
    /// Whether it leads a session of its own, away from the terminal.
    package var hasSession = false

    /// The same as here.
    package init() {}
  }

  /// Starts a program, found along `PATH`, with no signal blocked.
  package init(
    _ command: [String], in surroundings: Surroundings = Surroundings()
  ) throws(SpawnError) {
    try self.init(command.map { Array($0.utf8) }, in: surroundings)
  }

  /// The same with words that need not be UTF-8: names of files.
  package init(
    _ command: [[UInt8]], in surroundings: Surroundings = Surroundings()
  ) throws(SpawnError) {
    var arguments =
      unsafe command.map { word in
        unsafe (word + [0]).map { CChar(bitPattern: $0) }.withUnsafeBufferPointer {
          unsafe $0.baseAddress.flatMap { unsafe strdup($0) }
        }
      } + [nil]
    defer { unsafe arguments.forEach { unsafe free($0) } }
    let environment = unsafe surroundings.environment.flatMap { unsafe strdup($0) }
    defer { unsafe free(environment) }
    let standard = surroundings.standard
    var options = unsafe clinux_spawn_options(
      environment: environment,
      standard: (standard.input ?? -1, standard.output ?? -1, standard.error ?? -1),
      kept: surroundings.kept ?? -1, has_session: surroundings.hasSession ? 1 : 0)
    var process: pid_t = 0
    let error = unsafe clinux_spawn(&process, &arguments, &options)
    guard error == 0 else {
      throw SpawnError(program: String(decoding: command.first ?? [], as: UTF8.self), code: error)
    }
    identifier = process
  }

  /// Waits for its end.
  package func wait() -> Ending {
    var status: Int32 = 0
    while unsafe waitpid(identifier, &status, 0) < 0 {
      // ECHILD: somebody else has collected the status.
      if errno != EINTR { return .exited(0) }
    }
    return ChildProcess.ending(status)
  }

  /// How it ended, where it has.
  package func poll() -> Ending? {
    var status: Int32 = 0
    let result = unsafe waitpid(identifier, &status, WNOHANG)
    if result < 0 { return errno == ECHILD ? .exited(0) : nil }
    return result == identifier ? ChildProcess.ending(status) : nil
  }

  /// Sends it a signal.
  package func send(_ signal: Int32) {
    kill(identifier, signal)
  }

  private static func ending(_ status: Int32) -> Ending {
    let code = clinux_exit_status(status)
    return code >= 0 ? .exited(code) : .killed(by: clinux_ending_signal(status))
  }
}

/// A program could not be started.
package struct SpawnError: Error, Equatable, CustomStringConvertible {
  /// The program's name as it was given.
  package let program: String
  /// The system's `errno`.
  package let code: Int32

  /// Whether there is no such program.
  package var isMissing: Bool { code == ENOENT }

  /// `makedumpfile: cannot be started: No such file or directory`
  package var description: String {
    "\(program): cannot be started: \(unsafe String(cString: strerror(code)))"
  }
}
