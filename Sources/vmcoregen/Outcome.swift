import CommandParser
import Glibc
import VMCore

/// How a run ended: a subset of sysexits.h, documented in the manual.
enum Outcome: Int32, CaseIterable {
  case done = 0
  /// Done, but the vmcore lacks something that the core header promised.
  case partial = 1
  case usage = 64
  case unusable = 65
  case cannotOpen = 66
  case bug = 70
  case cannotCreate = 73
  case readOrWriteFailed = 74

  var exitCode: ExitCode { ExitCode(rawValue) }

  /// Runs a job; errors are printed. A closed pipe or a signal ends the process as the signal
  /// itself would have.
  static func of(_ body: () throws -> Outcome) -> Outcome {
    do {
      return try body()
    } catch let error as VMCoreError {
      if error.kind == .closedPipe { Interruption.die(by: SIGPIPE) }
      if error.kind == .cancelled, let signal = Interruption.pendingSignal {
        Diagnostics.error(error)
        Interruption.die(by: signal)
      }
      Diagnostics.error(error)
      return Outcome(error.kind)
    } catch {
      Diagnostics.say("\(error)")
      return .bug
    }
  }

  private init(_ kind: VMCoreError.Kind) {
    self =
      switch kind {
      case .usage: .usage
      case .cannotOpen: .cannotOpen
      case .unusable: .unusable
      case .cannotCreate: .cannotCreate
      case .readFailed, .writeFailed, .closedPipe, .cancelled: .readOrWriteFailed
      }
  }
}
