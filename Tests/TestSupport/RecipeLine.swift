/// One line of a recipe, taken apart: a key, values, and options of the form `name=value`.
struct RecipeLine {
  let number: Int
  let key: String
  let words: [String]

  /// Splits a line; nil if nothing but blanks and a comment is in it.
  init?(_ text: some StringProtocol, number: Int) throws(RecipeError) {
    var words: [String] = []
    var word: String?
    var isQuoted = false
    for letter in text {
      if letter == "\"" {
        isQuoted.toggle()
        word = word ?? ""
      } else if isQuoted {
        word?.append(letter)
      } else if letter == "#", word == nil {
        break
      } else if letter == " " || letter == "\t" {
        if let ended = word { words.append(ended) }
        word = nil
      } else {
        word = (word ?? "") + String(letter)
      }
    }
    if isQuoted { throw RecipeError(line: number, "a text has no closing quotation mark") }
    if let ended = word { words.append(ended) }
    guard let key = words.first else { return nil }
    self.number = number
    self.key = key
    self.words = Array(words.dropFirst())
  }

  func error(_ reason: String) -> RecipeError {
    RecipeError(line: number, "\(key): \(reason)")
  }

  func word(_ index: Int, _ what: String) throws(RecipeError) -> String {
    guard index < words.count else { throw error("\(what) is missing") }
    return words[index]
  }

  func address(_ index: Int, _ what: String = "an address") throws(RecipeError) -> UInt64 {
    try value(word(index, what))
  }

  func range(_ index: Int) throws(RecipeError) -> Range<UInt64> {
    let text = try word(index, "a range START-END")
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2 else { throw error("'\(text)' is not a range START-END") }
    let start = try value(ends[0])
    let end = try value(ends[1])
    guard start < end else { throw error("'\(text)' ends before it starts") }
    return start..<end
  }

  func choice<Choice: RawRepresentable>(
    _ index: Int, of type: Choice.Type
  ) throws(RecipeError) -> Choice where Choice.RawValue == String {
    let text = try word(index, "a word")
    guard let choice = Choice(rawValue: text) else { throw error("'\(text)' is unknown") }
    return choice
  }

  /// The options among the words from an index on; each must be one of the names given.
  func options(from index: Int, _ names: [String]) throws(RecipeError) -> [String: String] {
    var options: [String: String] = [:]
    for word in words.dropFirst(index) {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, names.contains(String(parts[0])) else {
        throw error("'\(word)' is not one of \(names.map { $0 + "=" }.joined(separator: " "))")
      }
      options[String(parts[0])] = String(parts[1])
    }
    return options
  }

  /// A number: decimal or 0x, a suffix K, M, G or T, and sums of such.
  func value(_ text: some StringProtocol) throws(RecipeError) -> UInt64 {
    var sum: UInt64 = 0
    for part in text.split(separator: "+", omittingEmptySubsequences: false) {
      var digits = Substring(part)
      var shift: UInt64 = 0
      for (suffix, bits) in [("K", 10), ("M", 20), ("G", 30), ("T", 40)] as [(String, UInt64)]
      where digits.hasSuffix(suffix) {
        digits.removeLast()
        shift = bits
        break
      }
      let isHex = digits.hasPrefix("0x")
      guard let number = UInt64(isHex ? digits.dropFirst(2) : digits, radix: isHex ? 16 : 10),
        (number << shift) >> shift == number,
        case let (total, overflow) = sum.addingReportingOverflow(number << shift), !overflow
      else { throw error("'\(text)' is not a number") }
      sum = total
    }
    return sum
  }

  func count(_ index: Int, _ what: String) throws(RecipeError) -> Int {
    guard let count = Int(exactly: try address(index, what)) else {
      throw error("\(what) is too large")
    }
    return count
  }

  func hexBytes(_ text: some StringProtocol) throws(RecipeError) -> [UInt8] {
    let digits = Array(text)
    guard digits.count % 2 == 0 else { throw error("'\(text)' has an odd number of hex digits") }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let byte = UInt8(String(digits[index...index + 1]), radix: 16) else {
        throw error("'\(text)' is not hex digits")
      }
      bytes.append(byte)
    }
    return bytes
  }
}
