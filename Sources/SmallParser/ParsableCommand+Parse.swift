internal import Glibc

/// A text in place of a run: the program's version, or how it is called.
private struct PrintedText: Error {
  let text: String
}

extension ParsableCommand {
  /// The command that words ask for: this one, or one below it whose name is the first word.
  public static func parseAsRoot(_ words: [String]) throws -> any ParsableCommand {
    let options = words.prefix { $0 != "--" }
    func asks(for name: String) -> Bool { options.contains("--\(name)") }
    if asks(for: "version") { throw PrintedText(text: configuration.version) }
    if asks(for: "help") || options.contains("-h") { throw PrintedText(text: helpMessage()) }
    let named = configuration.subcommands.first { $0.configuration.commandName == words.first }
    var command = (named ?? configuration.defaultSubcommand ?? self).init()
    try WordReader.read(words.dropFirst(named == nil ? 0 : 1), into: slots(of: command))
    try command.validateWithGroups()
    return command
  }

  private static func slots(of command: any ParsableCommand) -> [Slot] { Slot.all(of: command) }

  /// How the program is called.
  public static func helpMessage() -> String {
    "USAGE:\n" + configuration.usage.split(separator: "\n").map { "  \($0)\n" }.joined()
      + "The manual, vmcoregen(1), has the options."
  }

  /// What is said of an error; nothing where it is a status alone.
  public static func fullMessage(for error: any Error) -> String {
    switch error {
    case is ExitCode: ""
    case let error as ValidationError: error.message
    case let text as PrintedText: text.text
    default: "\(error)"
    }
  }

  /// The status with which an error ends the program.
  public static func exitCode(for error: any Error) -> ExitCode {
    switch error {
    case let code as ExitCode: code
    case is PrintedText: ExitCode(EXIT_SUCCESS)
    case is ValidationError: ExitCode(EX_USAGE)
    default: ExitCode(EXIT_FAILURE)
    }
  }

  /// Says what there is to say of an error, and ends the program.
  public static func exit(withError error: any Error) -> Never {
    let text = fullMessage(for: error)
    if error is PrintedText {
      print(text)
    } else if !text.isEmpty {
      let line = Array("\(configuration.commandName): \(text)\n".utf8)
      _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
    Glibc.exit(exitCode(for: error).rawValue)
  }
}
