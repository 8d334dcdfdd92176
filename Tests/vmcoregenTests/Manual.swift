import Foundation
import TestSupport
import MemoryImages

/// The manual page, and what the program says of itself.
enum Manual {
  /// The source of the page.
  static let text = try? Checkout.text(of: "man/vmcoregen.1")

  /// The names of the input formats.
  static let formats = Set(ImageFormat.all.map(\.name)).sorted()

  /// The lines of a section.
  static func section(_ name: String, in text: String) -> String {
    guard let start = text.range(of: "\n.Sh \(name)\n") else { return "" }
    let rest = text[start.upperBound...]
    return String(rest[..<(rest.range(of: "\n.Sh ")?.lowerBound ?? rest.endIndex)])
  }

  /// The options that the page has a row for: `.It Fl …`, with `Fl o` for `-o` and `Fl -output`
  /// for `--output`.
  static func options(in text: String) -> Set<String> {
    var options: Set<String> = []
    for line in text.split(separator: "\n") where line.hasPrefix(".It Fl") {
      let words = line.replacingOccurrences(of: "\\-", with: "-").split(separator: " ")
      for (macro, word) in zip(words, words.dropFirst()) where macro == "Fl" {
        let name = word.prefix { $0 != "=" && $0 != "," }
        options.insert("-" + name)
      }
    }
    return options
  }

  /// The options of every command, from `--experimental-dump-help`.
  static func optionsOfTheProgram() throws -> Set<String> {
    let scratch = try TemporaryDirectory()
    let finished = try Launch.program(["--experimental-dump-help"], in: scratch).run()
    let help = try JSONDecoder().decode(DumpedHelp.self, from: Data(finished.output))
    // ArgumentParser's own, which it leaves out of the dump.
    return help.command.options.union(["--generate-completion-script"])
  }
}

/// The part of ArgumentParser's dump that is needed here.
private struct DumpedHelp: Decodable {
  struct Command: Decodable {
    var commandName: String
    var subcommands: [Command]?
    var arguments: [Argument]?

    var options: Set<String> {
      guard commandName != "help" else { return [] }
      let own = (arguments ?? []).filter { $0.shouldDisplay ?? true }.flatMap { $0.names ?? [] }
      return (subcommands ?? []).reduce(into: Set(own.map(\.text))) { $0.formUnion($1.options) }
    }
  }

  struct Argument: Decodable {
    var shouldDisplay: Bool?
    var names: [Name]?
  }

  struct Name: Decodable {
    var kind: String
    var name: String

    var text: String { (kind == "long" ? "--" : "-") + name }
  }

  var command: Command
}
