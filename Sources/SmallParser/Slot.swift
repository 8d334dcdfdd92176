/// What one property takes from the command line.
struct Slot {
  enum Kind {
    case flag, option, argument
  }

  let kind: Kind
  /// Long names with their hyphens.
  let words: [String]
  /// One-letter names, and whether a value may stand directly behind each.
  let letters: [Character: Bool]
  /// Takes a word; false where it is no value of the property.
  let take: (String) -> Bool
  /// Whether a word must still come.
  let isMissing: () -> Bool
  /// How messages call it.
  let name: String

  init(
    kind: Kind, names: NameSpecification, property: String, take: @escaping (String) -> Bool,
    isMissing: @escaping () -> Bool
  ) {
    self.kind = kind
    self.take = take
    self.isMissing = isMissing
    let spelled = Slot.hyphenated(property)
    var words: [String] = []
    var letters: [Character: Bool] = [:]
    for element in names.elements {
      switch element {
      case .long: words.append("--" + spelled)
      case .customLong(let name): words.append("--" + name)
      case .short: property.first.map { letters[$0] = false }
      case .customShort(let letter, let isJoined): letters[letter] = isJoined
      }
    }
    self.words = words
    self.letters = letters
    name = words.first ?? letters.keys.first.map { "-\($0)" } ?? "<\(spelled)>"
  }

  /// `noSparse` as `no-sparse`.
  private static func hyphenated(_ property: String) -> String {
    property.reduce(into: "") { text, letter in
      text += letter.isUppercase ? "-" + letter.lowercased() : String(letter)
    }
  }

  /// The slots of a command or a group, those of its groups included, in the order of properties.
  static func all(of arguments: some ParsableArguments) -> [Slot] {
    Mirror(reflecting: arguments).children.flatMap { label, value in
      (value as? any SlotProperty)?.slots(named: String((label ?? "").drop { $0 == "_" })) ?? []
    }
  }
}

/// A wrapper that takes words.
protocol SlotProperty {
  /// What it takes, by the name of its property.
  func slots(named property: String) -> [Slot]

  /// Looks at what the words have made of it.
  func validate() throws
}

extension SlotProperty {
  func validate() throws {}
}

extension ParsableArguments {
  /// Validates the groups in the order in which they stand, and then what holds them.
  mutating func validateWithGroups() throws {
    for (_, value) in Mirror(reflecting: self).children {
      try (value as? any SlotProperty)?.validate()
    }
    try validate()
  }
}
