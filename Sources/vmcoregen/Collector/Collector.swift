import CommandParser
import Glibc
import VMCore

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
      if step.mayFail { status = 0 }
      let isFull = status == Outcome.readOrWriteFailed.rawValue
      if run.order == .untilOneFits ? !isFull : status != 0 { break }
    }
    return status == 0 ? 0 : Collector.failed
  }

  private func perform(_ step: CollectorRun.Step) -> Int32 {
    let status: Int32
    switch step.output {
    case .standard: status = Vmcoregen.status(of: step.arguments)
    case .standardError: status = run(step, printingTo: STDERR_FILENO)
    case .file(let path, let mayReplace):
      status = write(step, to: .file(path: path, mayReplace: mayReplace))
    }
    return Collector.isSuccess(status, of: step) ? Outcome.done.rawValue : status
  }

  /// A log or a dump that lacks something is better than none.
  private static func isSuccess(_ status: Int32, of step: CollectorRun.Step) -> Bool {
    (step.isWhole ? [Outcome.done] : [.done, .partial]).map(\.rawValue).contains(status)
  }

  /// Runs a step whose output becomes a file where it succeeds.
  private func write(_ step: CollectorRun.Step, to target: OutputTarget) -> Int32 {
    var status = Outcome.done.rawValue
    do throws(VMCoreError) {
      try target.write(sparing: step.inputs) { descriptor in
        status = run(step, printingTo: descriptor)
        return Collector.isSuccess(status, of: step)
      }
    } catch {
      Diagnostics.say("\(name.rawValue): \(Wording.text(error.message))")
      return Outcome.cannotCreate.rawValue
    }
    return status
  }

  /// Runs a step with standard output in another place.
  private func run(_ step: CollectorRun.Step, printingTo descriptor: Int32) -> Int32 {
    let saved = dup(STDOUT_FILENO)
    dup2(descriptor, STDOUT_FILENO)
    defer {
      dup2(saved, STDOUT_FILENO)
      close(saved)
    }
    return Vmcoregen.status(of: step.arguments)
  }
}
