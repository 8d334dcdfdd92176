import CommandParser
import Glibc

/// `--progress`
enum ProgressStyle: String, ExpressibleByArgument, CaseIterable {
  case auto, bar, lines, json, none
}

/// Shows on standard error how far a run has got. Called by one thread at a time.
final class ProgressMeter: @unchecked Sendable {
  private let style: ProgressStyle
  private let total: UInt64
  private let start = ProgressMeter.now
  private var last: Duration
  private var hasShown = false

  /// A meter for a run of `total` bytes.
  init(_ style: ProgressStyle, total: UInt64) {
    self.style =
      style == .auto ? (isatty(STDERR_FILENO) != 0 ? .bar : .lines) : style
    isPatient = style == .auto
    self.total = total
    last = start
  }

  private var hasEnded = false

  /// With `auto`, runs below two seconds show nothing.
  private let isPatient: Bool

  private var interval: Duration {
    switch style {
    case .bar: .milliseconds(200)
    case .lines: .seconds(10)
    case .json: .seconds(1)
    case .auto, .none: .seconds(1 << 40)
    }
  }

  /// The time since the machine's start. (`ContinuousClock` would link Swift's concurrency.)
  private static var now: Duration {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  /// Notes that `done` bytes are written.
  func update(_ done: UInt64) {
    guard style != .none else { return }
    let now = ProgressMeter.now
    if done >= total, !isPatient, style != .bar {
      // Whoever asked for lines or records gets the last one, however short the run.
      if !hasEnded { show(done, after: now - start) }
      hasEnded = true
      return
    }
    let isFirst = isPatient && !hasShown
    guard now - last >= interval, !isFirst || now - start >= .seconds(2) else { return }
    last = now
    show(done, after: now - start)
  }

  /// Ends the bar's line.
  func finish() {
    if hasShown && style == .bar { StandardError.write("\n") }
    hasShown = false
  }

  private func show(_ done: UInt64, after elapsed: Duration) {
    hasShown = true
    let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    let rate = seconds > 0 ? Double(done) / seconds : 0
    let left = rate > 0 ? Double(total - min(done, total)) / rate : 0
    let percent = total > 0 ? Int(Double(done) / Double(total) * 100) : 100
    switch style {
    case .bar:
      let filled = percent * 30 / 100
      let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
      StandardError.write("\r[\(bar)] \(text(percent, done, rate, left))  ")
    case .lines: StandardError.write("vmcoregen: \(text(percent, done, rate, left))\n")
    case .json:
      StandardError.write(
        "{\"done\":\(done),\"total\":\(total),\"bytes_per_second\":\(UInt64(rate)),"
          + "\"seconds_left\":\(UInt64(left))}\n")
    case .auto, .none: break
    }
  }

  private func text(_ percent: Int, _ done: UInt64, _ rate: Double, _ left: Double) -> String {
    let seconds = UInt64(left)
    let rest = seconds % 60
    return "\(percent)% \(mebibytes(done)) of \(mebibytes(total)) MiB, "
      + "\(UInt64(rate / 1e6)) MB/s, \(seconds / 60):\(rest < 10 ? "0" : "")\(rest) left"
  }

  private func mebibytes(_ bytes: UInt64) -> UInt64 { bytes >> 20 }
}
