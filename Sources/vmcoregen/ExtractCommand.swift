import CommandParser
import Glibc
import VMCore

/// Takes one part of what the crashed kernel left, as bytes on standard output.
struct ExtractCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extract",
    abstract: "Write one part of what the crashed kernel left to standard output.")

  @Argument(help: "What to write.")
  var part: ExtractedPart

  @Option(help: "How reipl is written: its bytes, or decoded.")
  var format: PartFormat = .raw

  @OptionGroup var image: ImageArguments

  func validate() throws {
    if format != .raw && part != .reipl {
      throw ValidationError("--format \(format.rawValue): expected reipl, got \(part.rawValue)")
    }
  }

  func run() throws {
    try image.requireImage()
    let status = Outcome.of {
      if part != .vmcoreinfo, format == .raw, isatty(STDOUT_FILENO) != 0 {
        throw VMCoreError(
          .usage, "standard output is a terminal, expected a file or a pipe for \(part.rawValue)")
      }
      let dump = try image.open()
      if part == .vmcoreinfo, isatty(STDOUT_FILENO) != 0 {
        let text = String(decoding: try dump.extract(.vmcoreinfo), as: UTF8.self)
        guard StandardOutput.write(PrintableText.lines(text)) else {
          throw StandardOutput.failure()
        }
      } else if part == .reipl {
        guard StandardOutput.write(try bytes(of: dump)) else { throw StandardOutput.failure() }
      } else {
        var sink = StandardOutputSink()
        try dump.extract(part, to: &sink)
      }
      return .done
    }
    throw status.exitCode
  }

  /// The re-IPL block in the form that was asked for.
  private func bytes(of dump: CrashDump) throws(VMCoreError) -> [UInt8] {
    let block = try dump.reIPL()
    if block.isLastIPL && !image.quiet {
      Diagnostics.say(
        "warning: this is the block of the last IPL (\(block.source)): no re-IPL block was found")
    }
    switch format {
    case .raw: return block.bytes
    case .text: return Array(ReIPLDocument(block).text.utf8)
    case .json: return Array((ReIPLDocument(block).json.text + "\n").utf8)
    }
  }
}

/// `--format` of `extract`
enum PartFormat: String, ExpressibleByArgument, CaseIterable {
  case raw, text, json
}

/// Standard output as a sink of bytes.
private struct StandardOutputSink: CoreSink {
  func write(_ bytes: [UInt8]) throws(VMCoreError) {
    guard StandardOutput.write(bytes) else { throw StandardOutput.failure() }
  }
}
