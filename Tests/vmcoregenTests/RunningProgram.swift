import Foundation

/// A program that was started.
final class RunningProgram {
  private let process: pid_t
  private let files: OutputFiles
  private let start = Date()
  private var peakKiB = 0

  init(process: pid_t, files: OutputFiles) {
    self.process = process
    self.files = files
  }

  /// Sends a signal.
  func send(_ signal: Int32) { kill(process, signal) }

  /// Whether it has not ended yet.
  var isRunning: Bool {
    let text = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
    return !text.isEmpty && !text.contains(") Z ")
  }

  /// What it has said on standard error so far.
  var errors: String { String(decoding: OutputFiles.content(of: files.errors), as: UTF8.self) }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }

  /// `VmHWM`, in KiB. `ru_maxrss` would count what the test process had before it started this.
  private func residentPeak() -> Int {
    let text = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
  }

  /// Waits until it ends; after `limit` seconds, which no busy machine needs, it hangs: it is killed
  /// and an error is thrown.
  func wait(limit: Double = 300) throws -> Finished {
    var status: Int32 = 0
    var usage = rusage()
    while wait4(process, &status, WNOHANG, &usage) == 0 {
      peakKiB = max(peakKiB, residentPeak())
      if Date().timeIntervalSince(start) > limit {
        send(SIGKILL)
        waitpid(process, &status, 0)
        throw LaunchError("it did not end within \(limit) seconds")
      }
      usleep(1000)
    }
    let signal = status & 0x7f
    return Finished(
      status: signal == 0 ? (status >> 8) & 0xff : 128 + signal,
      output: OutputFiles.content(of: files.output), errors: errors,
      seconds: Date().timeIntervalSince(start), peakKiB: peakKiB,
      processorSeconds: Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime))
  }
}

/// How a program ended.
struct Finished {
  /// The exit status; 128 and the signal's number where a signal ended it, as in a shell.
  let status: Int32
  let output: [UInt8]
  let errors: String
  let seconds: Double
  /// Largest resident set.
  let peakKiB: Int
  /// Time on processors, the system's included.
  let processorSeconds: Double

  /// Standard output as text.
  var text: String { String(decoding: output, as: UTF8.self) }
}
