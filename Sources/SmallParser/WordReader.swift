/// Reads the words of a command line into slots, one after the other.
struct WordReader {
  private let slots: [Slot]
  private var rest: ArraySlice<String>
  private var places: ArraySlice<Slot>

  /// Reads all the words.
  static func read(_ words: ArraySlice<String>, into slots: [Slot]) throws {
    var reader = WordReader(
      slots: slots, rest: words, places: slots.filter { $0.kind == .argument }[...])
    try reader.read()
  }

  private mutating func read() throws {
    while let word = rest.popFirst() {
      if word == "--" {
        while let word = rest.popFirst() { try place(word) }
      } else if word.hasPrefix("--") {
        try takeLong(word)
      } else if word.hasPrefix("-"), word != "-" {
        try takeLetters(word)
      } else {
        try place(word)
      }
    }
    for slot in slots where slot.isMissing() {
      throw ValidationError("\(slot.name) is missing")
    }
  }

  /// A word that is no option.
  private mutating func place(_ word: String) throws {
    guard let slot = places.popFirst() else {
      throw ValidationError("unexpected argument '\(word)'")
    }
    try fill(slot, word)
  }

  private mutating func takeLong(_ word: String) throws {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = parts.first.map(String.init) ?? word
    guard let slot = slots.first(where: { $0.words.contains(name) }) else {
      throw ValidationError("unknown option '\(name)'")
    }
    // A value that is empty is none, as for the other parser.
    try take(slot, called: name, value: parts.dropFirst().first { !$0.isEmpty }.map(String.init))
  }

  /// `-o FILE`, `-oFILE` where that is allowed, `-o=FILE`, or several flags together.
  private mutating func takeLetters(_ word: String) throws {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      guard let slot = slots.first(where: { $0.letters[letter] != nil }) else {
        throw ValidationError("unknown option '-\(letter)'")
      }
      var value: String?
      if letters.first == "=" {
        value = String(letters.dropFirst())
      } else if slot.letters[letter] == true, !letters.isEmpty {
        value = String(letters)
      }
      if value != nil { letters = "" }
      guard slot.kind == .flag || letters.isEmpty else {
        throw ValidationError("-\(letter): expected a value behind it, got '\(word)'")
      }
      try take(slot, called: "-\(letter)", value: value)
    }
  }

  private mutating func take(_ slot: Slot, called name: String, value: String?) throws {
    switch (slot.kind, value) {
    case (.flag, nil): _ = slot.take("")
    case (.flag, let value?): throw ValidationError("\(name): takes no value, got '\(value)'")
    case (_, let value?): try fill(slot, value)
    case (_, nil):
      guard let next = rest.first, next == "-" || !next.hasPrefix("-") else {
        throw ValidationError("\(name): expected a value behind it")
      }
      rest.removeFirst()
      try fill(slot, next)
    }
  }

  private func fill(_ slot: Slot, _ word: String) throws {
    guard slot.take(word) else {
      throw ValidationError("\(slot.name): '\(word)' is no value of it")
    }
  }
}
