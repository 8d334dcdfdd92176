import CommandParser
import VMCore

/// What is left out of the vmcore.
struct FilterArguments: ParsableArguments {
  @Option(
    name: [.customShort("d", allowingJoined: true), .long],
    help: ArgumentHelp(
      "Leave pages out as makedumpfile does: 0 to 31, or zero,cache,private,user,free.",
      valueName: "level"))
  var dumpLevel: DumpLevel?

  @Option(help: "Where it cannot be told what pages are used for: an error, or leave nothing out.")
  var filter = FilterOptions.Mode.strict

  /// The same for the library.
  var options: FilterOptions? { dumpLevel.map { FilterOptions(level: $0, mode: filter) } }
}
