#if ArgumentParser
import CommandParser
import ChildProcesses
import Glibc
import VMCore

/// Runs a program that wants a vmcore file, on a vmcore that is stored nowhere.
struct ExecCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec",
    abstract: "Run a command on the vmcore without storing it: {} becomes the vmcore's path.",
    usage: "vmcoregen exec [OPTIONS] IMAGE -- COMMAND ... {} ...")

  @OptionGroup var image: ImageArguments

  @OptionGroup var filter: FilterArguments

  @Flag(help: "Hold the vmcore in memory instead of using FUSE.")
  var memfd = false

  @Argument(
    parsing: .postTerminator,
    help: "The command behind '--'; each {} in its arguments becomes the path of the vmcore.")
  var command: [String] = []

  /// Signals that the command gets in this program's place.
  private static let forwarded = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2]
  /// The statuses of env(1), nohup(1) and the shell.
  private static let cannotStart: Int32 = 126
  private static let notFound: Int32 = 127

  func validate() throws {
    if command.isEmpty {
      throw ValidationError(
        "no command: expected '-- COMMAND ... {} ...', as in '-- crash vmlinux {}'")
    }
    if !command.contains(where: { Self.replacing(in: $0, by: "") != $0 }) {
      throw ValidationError(
        "the command has no {}: expected one where the path of the vmcore shall stand")
    }
  }

  func run() throws {
    try image.requireImage()
    var ending = ChildProcess.Ending.exited(0)
    let status = Outcome.of {
      let dump = try image.open()
      Diagnostics.report(dump.report, image)
      let core = try filter.options.map {
        try dump.filtered(by: $0, isCancelled: { Interruption.isPending })
      }
      Diagnostics.report(core?.report, image)
      let shown = try ShownVMCore(dump, core, inMemory: memfd, quiet: image.quiet)
      defer { shown.remove() }
      guard let signals = SignalQueue(Interruption.wanted(Self.forwarded)) else {
        throw VMCoreError(.cannotCreate, "signals cannot be queued")
      }
      if let signal = Interruption.pendingSignal {
        ending = .killed(by: signal)
      } else {
        ending = runCommand(on: shown.path, signals)
      }
      Diagnostics.reportLate(dump, image)
      return .done
    }
    guard status == .done else { throw status.exitCode }
    switch ending {
    case .exited(let code): throw ExitCode(code)
    case .killed(let number): Interruption.die(by: number)
    }
  }

  private func runCommand(on path: String, _ signals: SignalQueue) -> ChildProcess.Ending {
    let arguments = command.map { PathText.bytes(of: Self.replacing(in: $0, by: path)) }
    do throws(SpawnError) {
      let child = try ChildProcess(arguments)
      while true {
        if let ending = child.poll() { return ending }
        signals.wait()
        while let signal = signals.next() {
          // What a terminal sends, the command has got itself.
          if signal.number != SIGCHLD, !signal.isFromKernel { child.send(signal.number) }
        }
      }
    } catch {
      Diagnostics.say(error.description)
      return .exited(error.isMissing ? Self.notFound : Self.cannotStart)
    }
  }

  /// Puts the path where `{}` stands, as find(1) and xargs(1) do.
  private static func replacing(in argument: String, by path: String) -> String {
    var result = ""
    var rest = argument[...]
    while let open = rest.firstIndex(of: "{") {
      let behind = rest.index(after: open)
      if behind < rest.endIndex, rest[behind] == "}" {
        result += rest[..<open] + path
        rest = rest[rest.index(after: behind)...]
      } else {
        result += rest[...open]
        rest = rest[behind...]
      }
    }
    return result + rest
  }
}
#endif
