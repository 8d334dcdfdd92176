import CommandParser
import Glibc

/// Runs the program under another name: its command line, its exit statuses.
struct Collector {
  private let name: CollectorName

  /// The exit status that every script knows beside 0.
  private static let failed: Int32 = 1

  /// Follows a command line and ends the process.
  static func main(_ name: CollectorName, _ words: [String]) -> Never {
    exit(Collector(name: name).run(words))
  }

  private func run(_ words: [String]) -> Int32 {
    let run: CollectorRun
    do throws(CollectorError) {
      run = try name.run(words)
    } catch {
      Diagnostics.say("\(name.rawValue): \(error.text)")
      return Collector.failed
    }
    for notice in run.notices { Diagnostics.say("\(name.rawValue): \(notice)") }
    if let text = run.text { StandardOutput.write(text + "\n") }
    var status: Int32 = 0
    for step in run.steps {
      status = perform(step)
      let isFull = status == Outcome.readOrWriteFailed.rawValue
      if run.order == .untilOneFits ? !isFull : status != 0 { break }
    }
    return status == 0 ? 0 : Collector.failed
  }

  private func perform(_ step: CollectorRun.Step) -> Int32 {
    let redirection: Redirection
    do throws(CollectorError) {
      redirection = try Redirection(step.output)
    } catch {
      Diagnostics.say("\(name.rawValue): \(error.text)")
      return Outcome.cannotCreate.rawValue
    }
    let status = Vmcoregen.status(of: step.arguments)
    // A log or a dump that lacks something is better than none.
    let succeeded = [Outcome.done, .partial].map(\.rawValue).contains(status)
    redirection.end(succeeded: succeeded)
    return succeeded ? Outcome.done.rawValue : status
  }
}

/// Standard output in another place, for the time of one step.
private struct Redirection {
  private let saved: Int32
  private let path: String?

  init(_ output: CollectorRun.Output) throws(CollectorError) {
    switch output {
    case .standard:
      saved = -1
      path = nil
    case .standardError:
      saved = dup(STDOUT_FILENO)
      path = nil
      dup2(STDERR_FILENO, STDOUT_FILENO)
    case .file(let name, let mayReplace):
      let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (mayReplace ? O_TRUNC : O_EXCL)
      let descriptor = unsafe open(name, flags, 0o600)
      guard descriptor >= 0 else {
        throw CollectorError(
          errno == EEXIST
            ? "\(name): exists already, -f replaces it"
            : "\(name): cannot be created: \(unsafe String(cString: strerror(errno)))")
      }
      saved = dup(STDOUT_FILENO)
      path = name
      dup2(descriptor, STDOUT_FILENO)
      close(descriptor)
    }
  }

  /// Puts standard output back; what a failed step wrote to a file is removed.
  func end(succeeded: Bool) {
    guard saved >= 0 else { return }
    dup2(saved, STDOUT_FILENO)
    close(saved)
    if !succeeded, let path { unsafe unlink(path) }
  }
}
