import ArgumentParser
import VMCore

/// What the user says for an image without a usable core header.
struct FallbackArguments: ParsableArguments {
  @Flag(help: "Refuse a core header if the purgatory's digest differs before it has run.")
  var verify = false

  @Option(help: "Without a usable core header: a dump of all memory, or an error.")
  var fallback: FallbackName = .auto

  @Option(help: "The machine's architecture, for a dump of all memory.")
  var arch: ArchitectureName?

  @Option(
    help: ArgumentHelp(
      "Where the machine had memory, for a dump of all memory; repeatable.",
      valueName: "START-END"))
  var ram: [AddressRange] = []

  @Option(
    help: ArgumentHelp(
      "Take vmcoreinfo from FILE for a dump of all memory.", valueName: "FILE"),
    completion: .file())
  var vmcoreinfo: String?

  /// The same for the library.
  func apply(to options: inout CrashDumpOptions) {
    options.verifiesDigest = verify
    options.fallback.mode = fallback.rawValue
    options.fallback.architecture = arch?.argument
    options.fallback.ram = ram.map(\.range)
    options.fallback.vmcoreinfoPath = vmcoreinfo
  }
}

/// `--fallback`
enum FallbackName: String, ExpressibleByArgument, CaseIterable {
  case auto, standalone, refuse
}

/// `--arch`
struct ArchitectureName: ExpressibleByArgument {
  let argument: String

  init?(argument: String) {
    guard FallbackOptions.architectures.contains(argument) else { return nil }
    self.argument = argument
  }

  static var allValueStrings: [String] { FallbackOptions.architectures }
}
