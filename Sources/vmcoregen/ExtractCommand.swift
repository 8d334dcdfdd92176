import ArgumentParser
import Glibc
import VMCore

/// Takes one part of what the crashed kernel left, as bytes on standard output.
struct ExtractCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extract",
    abstract: "Write one part of what the crashed kernel left to standard output.")

  @Argument(help: "What to write.")
  var part: PartName

  @OptionGroup var image: ImageArguments

  func run() throws {
    try image.requireImage()
    let status = Outcome.of {
      if part != .vmcoreinfo, isatty(STDOUT_FILENO) != 0 {
        throw VMCoreError(
          .usage, "standard output is a terminal, expected a file or a pipe for \(part.rawValue)")
      }
      let dump = try image.open()
      var sink = StandardOutputSink()
      try dump.extract(part.part, to: &sink)
      return .done
    }
    throw status.exitCode
  }
}

/// Standard output as a sink of bytes.
private struct StandardOutputSink: CoreSink {
  func write(_ bytes: [UInt8]) throws {
    guard StandardOutput.write(bytes) else { throw StandardOutput.failure() }
  }
}

/// The parts that `extract` knows.
enum PartName: String, ExpressibleByArgument, CaseIterable {
  case vmcoreinfo, notes, elfcorehdr

  var part: ExtractedPart {
    switch self {
    case .vmcoreinfo: .vmcoreinfo
    case .notes: .notes
    case .elfcorehdr: .elfcorehdr
    }
  }
}
