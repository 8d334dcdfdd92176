/// A command line of makedumpfile, taken apart as `getopt_long` does it: letters may stand
/// together, values behind them or in the next word, long names may be cut, and names of files may
/// stand between options.
struct MakedumpfileArguments {
  /// Each option with its value, in the order in which they stand.
  private(set) var options: [(option: MakedumpfileOption, value: String)] = []
  /// What is no option.
  private(set) var names: [String] = []

  private var rest: ArraySlice<String>

  /// Takes the words behind the program's name apart.
  init(_ words: [String]) throws(CollectorError) {
    rest = words[...]
    while let word = rest.popFirst() {
      if word == "--" { break }
      if word.hasPrefix("--") {
        try takeLong(word.dropFirst(2))
      } else if word.hasPrefix("-"), word != "-" {
        try takeLetters(word.dropFirst())
      } else {
        names.append(word)
      }
    }
    names += rest
  }

  private mutating func takeLong(_ word: Substring) throws(CollectorError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = parts.first ?? ""
    let known = MakedumpfileOption.all.filter { $0.long?.hasPrefix(name) == true }
    let exact = known.first { $0.long == String(name) }
    guard !name.isEmpty, let option = exact ?? (known.count == 1 ? known.first : nil) else {
      throw CollectorError(
        known.count > 1
          ? "--\(name): may be \(known.map(\.name).joined(separator: ", "))"
          : "--\(name): no option of makedumpfile")
    }
    guard parts.count == 1 || option.takesValue else {
      throw CollectorError("\(option.name): takes no value, found '\(parts[1])'")
    }
    var value = parts.dropFirst().first.map(String.init) ?? ""
    if option.takesValue && parts.count == 1 { value = try next(option) }
    options.append((option, value))
  }

  private mutating func takeLetters(_ word: Substring) throws(CollectorError) {
    var letters = word
    while let letter = letters.popFirst() {
      guard let option = MakedumpfileOption.all.first(where: { $0.short == letter }) else {
        throw CollectorError("-\(letter): no option of makedumpfile")
      }
      guard option.takesValue else {
        options.append((option, ""))
        continue
      }
      options.append((option, try letters.isEmpty ? next(option) : String(letters)))
      letters = ""
    }
  }

  private mutating func next(_ option: MakedumpfileOption) throws(CollectorError) -> String {
    guard let value = rest.popFirst() else {
      throw CollectorError("\(option.name): expected a value behind it")
    }
    return value
  }
}

/// A command line that cannot be followed.
struct CollectorError: Error {
  let text: String

  init(_ text: String) { self.text = text }
}
