import CommandParser
import VMCore

/// The root command. Without a subcommand it writes a vmcore, so that
/// `vmcoregen image.bin > vmcore` is all one has to know.
@main
struct Vmcoregen: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vmcoregen",
    abstract: "Make a vmcore from a memory image of a crashed Linux machine.",
    usage: """
      vmcoregen [OPTIONS] IMAGE > vmcore
      vmcoregen [OPTIONS] IMAGE VMCORE
      vmcoregen info [OPTIONS] IMAGE
      vmcoregen verify [OPTIONS] IMAGE
      vmcoregen extract PART [OPTIONS] IMAGE
      vmcoregen dmesg [OPTIONS] IMAGE
      vmcoregen reipl [OPTIONS] [--apply] IMAGE
      """ + otherUsage,
    version: Version.text,
    subcommands: commands + otherCommands,
    defaultSubcommand: WriteCommand.self)

  private static let commands: [any ParsableCommand.Type] = [
    WriteCommand.self, InfoCommand.self, VerifyCommand.self, ExtractCommand.self,
    DmesgCommand.self, ReIPLCommand.self,
  ]

  // What a second kernel has no use for.
  #if ArgumentParser
  private static let otherCommands: [any ParsableCommand.Type] = [
    MapCommand.self, ExecCommand.self, MountCommand.self,
  ]
  private static let otherUsage = """

    vmcoregen map [OPTIONS] [--svg FILE] IMAGE
    vmcoregen exec [OPTIONS] IMAGE -- COMMAND ... {} ...
    vmcoregen mount [OPTIONS] IMAGE DIR
    """
  #else
  private static let otherCommands: [any ParsableCommand.Type] = []
  private static let otherUsage = ""
  #endif

  /// A bare `--help` shows the main job's options too.
  static func main() {
    StandardDescriptors.open()
    Interruption.install()
    let arguments = Arguments.all
    if let name = CollectorName.current {
      Collector.main(name, arguments)
    }
    if arguments == ["--help"] || arguments == ["-h"] {
      StandardOutput.write(helpMessage() + "\n\n" + mainOptions() + "\n")
      return
    }
    if Version.isAskedInFull(arguments) {
      StandardOutput.write(Version.fullText + "\n")
      return
    }
    run(OptionalValues.filled(in: arguments))
  }

  /// The same as `main(_:)`, but that no argument reaches the terminal as it is: what is wrong with
  /// the arguments is said of their printable forms.
  private static func run(_ arguments: [String]) {
    let command: any ParsableCommand
    do {
      command = try parseAsRoot(arguments)
    } catch {
      do {
        _ = try parseAsRoot(arguments.map(PrintableText.line))
      } catch {
        exit(withError: error)
      }
      exit(withError: error)
    }
    do {
      var command = command
      try command.run()
    } catch {
      exit(withError: error)
    }
  }

  /// Runs a command, and returns its exit status instead of ending the process.
  static func status(of arguments: [String]) -> Int32 {
    do {
      var command = try parseAsRoot(OptionalValues.filled(in: arguments))
      try command.run()
      return Outcome.done.rawValue
    } catch {
      let text = fullMessage(for: error)
      if !text.isEmpty { Diagnostics.say(text) }
      return exitCode(for: error).rawValue
    }
  }

  private static func mainOptions() -> String {
    let lines = WriteCommand.helpMessage().split(
      separator: "\n", omittingEmptySubsequences: false)
    let options = lines.drop { !$0.hasPrefix("ARGUMENTS:") }
    return "THE MAIN COMMAND\n\n" + options.joined(separator: "\n")
  }
}

/// The program's version.
enum Version {
  static let text = "vmcoregen 0.1.0"

  /// With what packs the output.
  static var fullText: String { "\(text)\ndeflate: \(OutputOptions.defaultEngine)" }

  /// Whether the arguments are `--version --verbose`, or `info --version`.
  static func isAskedInFull(_ arguments: [String]) -> Bool {
    arguments.count == 2 && arguments.contains("--version")
      && arguments.contains { ["info", "--verbose", "-v"].contains($0) }
  }
}
