import Glibc
import VMCore

/// What the program says on standard error.
enum Diagnostics {
  /// An error with its hints.
  static func error(_ error: VMCoreError) {
    say(Wording.text(error.message))
    for hint in error.hints { say("hint: \(Wording.text(hint))") }
  }

  /// A line with the program's name before it.
  static func say(_ text: String) {
    StandardError.write("vmcoregen: \(PrintableText.line(text))\n")
  }

  /// Warnings, and with `--verbose` what was found.
  static func report(_ report: CrashReport, _ arguments: ImageArguments) {
    guard !arguments.quiet else { return }
    for notice in report.image.notices { say("hint: \(notice)") }
    if report.image.isLayoutFound {
      say("hint: \(report.image.name): read as \(report.image.layout)")
    }
    if arguments.verbose {
      let system = report.system
      say(
        "\(report.image.name): \(system.architecture?.rawValue ?? "unknown machine"), "
          + "\(system.release ?? "unknown release"), "
          + "\(system.moment.rawValue) (\(Wording.text(system.momentEvidence)))")
      say("core header \(report.header.region ?? "built"), by \(report.header.producer.rawValue)")
      for locator in report.locators { say("\(locator)") }
      say("vmcore of \(report.vmcore.size) bytes with \(report.vmcore.loads.count) loads")
    }
    for warning in report.warnings { say("warning: \(Wording.text(warning))") }
  }

  /// Warnings about what reading has shown since.
  ///
  /// - Returns: whether there were any.
  @discardableResult
  static func reportLate(_ dump: CrashDump, _ arguments: ImageArguments) -> Bool {
    let warnings = dump.lateWarnings
    if !arguments.quiet {
      for warning in warnings { say("warning: \(Wording.text(warning))") }
    }
    return !warnings.isEmpty
  }

  /// Warnings of a filter, and with `--verbose` what it leaves out.
  static func report(_ filter: FilterReport?, _ arguments: ImageArguments) {
    guard let filter, !arguments.quiet else { return }
    if arguments.verbose { say(FilterText(filter).line) }
    for warning in filter.warnings { say("warning: \(Wording.text(warning))") }
  }
}

/// Standard error, unbuffered.
enum StandardError {
  static func write(_ text: String) { writeAll(text, to: STDERR_FILENO) }
}

/// Standard output for text and extracted parts; false where it cannot be written.
enum StandardOutput {
  /// Why a write answered false.
  static func failure() -> VMCoreError {
    let number = errno
    if Interruption.isPending { return VMCoreError(.cancelled, "standard output: interrupted") }
    return VMCoreError(
      number == EPIPE || number == ECONNRESET ? .closedPipe : .writeFailed,
      "standard output: \(unsafe String(cString: strerror(number)))")
  }

  @discardableResult
  static func write(_ text: String) -> Bool { writeAll(text, to: STDOUT_FILENO) }
  static func write(_ bytes: [UInt8]) -> Bool { writeAll(bytes, to: STDOUT_FILENO) }
}

@discardableResult
private func writeAll(_ text: String, to descriptor: Int32) -> Bool {
  writeAll(Array(text.utf8), to: descriptor)
}

private func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  var done = 0
  while done < bytes.count {
    let count = unsafe bytes.withUnsafeBytes { buffer in
      unsafe write(descriptor, buffer.baseAddress.map { unsafe $0 + done }, bytes.count - done)
    }
    if count > 0 {
      done += count
    } else if errno != EINTR || Interruption.isPending {
      return false
    }
  }
  return true
}
