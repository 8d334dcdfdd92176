/// Properties that words of the command line fill.
public protocol ParsableArguments: SendableMetatype {
  /// The properties before any word is read.
  init()

  /// Looks at what the words have made of the properties together.
  mutating func validate() throws
}

extension ParsableArguments {
  /// Finds nothing wrong.
  public mutating func validate() throws {}
}

/// A command: its arguments, and what it does with them.
public protocol ParsableCommand: ParsableArguments {
  /// Its name, and the commands below it.
  static var configuration: CommandConfiguration { get }

  /// Does it.
  mutating func run() throws
}

extension ParsableCommand {
  /// Does nothing, as a command does that has others below it.
  public mutating func run() throws {}
}

/// What a command is called.
public struct CommandConfiguration: Sendable {
  /// Its name.
  public var commandName: String
  /// What it may be called with.
  public var usage: String
  /// The program's version.
  public var version: String
  /// The commands below it.
  public var subcommands: [any ParsableCommand.Type]
  /// The command below it that is meant where none is named.
  public var defaultSubcommand: (any ParsableCommand.Type)?

  /// A configuration; what only a help page would show is dropped.
  public init(
    commandName: String, abstract: StaticString = "", usage: String = "", version: String = "",
    subcommands: [any ParsableCommand.Type] = [],
    defaultSubcommand: (any ParsableCommand.Type)? = nil
  ) {
    self.commandName = commandName
    self.usage = usage
    self.version = version
    self.subcommands = subcommands
    self.defaultSubcommand = defaultSubcommand
  }
}

/// Words that make no sense together.
public struct ValidationError: Error {
  /// What is wrong.
  public let message: String

  /// An error with its text.
  public init(_ message: String) { self.message = message }
}

/// The end of the program with a status, about which nothing is said any more.
public struct ExitCode: Error, RawRepresentable {
  /// The status.
  public let rawValue: Int32

  /// A status as it is.
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// A status as it is.
  public init(_ code: Int32) { rawValue = code }
}
