import SmallParser

/// Takes each kind of argument; `FullSample` is the same for the other parser.
struct SmallSample: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample", usage: "sample [OPTIONS] IMAGE [TARGET]", version: "sample 1",
    subcommands: [SmallPart.self, SmallWrite.self], defaultSubcommand: SmallWrite.self)

  /// What the words say, or the status with which they end the program and what is said first.
  static func answer(to words: [String]) -> String {
    do {
      let command = try parseAsRoot(words)
      return (command as? any Describable)?.text ?? "\(command)"
    } catch {
      let status = exitCode(for: error).rawValue
      return "status \(status)" + (status == 0 ? ": \(fullMessage(for: error))" : "")
    }
  }
}

struct SmallWrite: ParsableCommand, Describable {
  static let configuration = CommandConfiguration(commandName: "write")

  @OptionGroup var image: SmallImage

  @Argument(help: "target") var target: String?

  @Option(name: .shortAndLong, help: "a file") var output: String?

  @Option(name: [.customShort("z", allowingJoined: true), .long], help: "a level")
  var compress: Int?

  @Option(help: "one of a set") var form = Form.elf

  @Flag(help: "two words") var noSparse = false

  @Flag(name: .customLong("embed"), help: "another name") var embeds = false

  mutating func validate() throws {
    if let target {
      guard output == nil else { throw ValidationError("two outputs") }
      output = target
    }
  }

  var text: String {
    "\(image.image ?? "none") \(image.segments) \(image.verbose) \(image.quiet) \(output ?? "none") "
      + "\(compress ?? -1) \(form) \(noSparse) \(embeds)"
  }
}

struct SmallPart: ParsableCommand, Describable {
  static let configuration = CommandConfiguration(commandName: "part")

  @Argument(help: "which") var part: Form

  @OptionGroup var image: SmallImage

  var text: String { "part \(part) \(image.image ?? "none") \(image.segments)" }
}

struct SmallImage: ParsableArguments {
  @Argument(help: "image") var image: String?

  @Option(name: .customLong("segment"), help: "repeatable") var segments: [String] = []

  @Flag(name: .shortAndLong, help: "a letter") var verbose = false

  @Flag(name: .shortAndLong, help: "another") var quiet = false

  func validate() throws {
    if quiet && verbose { throw ValidationError("quiet and verbose") }
  }
}

extension Form: ExpressibleByArgument {}
