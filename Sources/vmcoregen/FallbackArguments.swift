import CommandParser
import VMCore

/// What the user says for an image without a usable core header.
struct FallbackArguments: ParsableArguments {
  @Flag(help: "Refuse a core header if the purgatory's digest differs before it has run.")
  var verify = false

  @Option(help: "Without a usable core header: a dump of all memory, or an error.")
  var fallback = FallbackOptions.Mode.automatic

  @Option(help: "The machine's architecture, for a dump of all memory.")
  var arch: Architecture?

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
    options.fallback.mode = fallback
    options.fallback.architecture = arch
    options.fallback.ram = ram.map(\.range)
    options.fallback.vmcoreinfoPath = vmcoreinfo
  }
}
