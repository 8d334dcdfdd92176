import VMCore

/// Text from an image, or from a file's name, must not steer a terminal, end a line, or look like
/// another one: such characters are shown by their numbers.
enum PrintableText {
  /// One line: line ends are shown by their numbers, too.
  static func line(_ text: String) -> String { escaped(text) { _ in false } }

  /// Several lines.
  static func lines(_ text: String) -> String { escaped(text) { $0 == "\n" } }

  /// Whether a character has no shape of its own: controls, those that turn the direction of a
  /// line round or join its letters, and the ends of lines and paragraphs.
  static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x7f { return scalar.value < 0x20 }
    return switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  private static func escaped(_ text: String, but isKept: (Unicode.Scalar) -> Bool) -> String {
    let isClean = text.utf8.allSatisfy { (0x20..<0x7f).contains($0) }
    if isClean { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if let byte = PathText.byte(of: scalar) {
        result.append(contentsOf: number(UInt32(byte)).unicodeScalars)
      } else if isHidden(scalar), !isKept(scalar) {
        result.append(contentsOf: number(scalar.value).unicodeScalars)
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }

  /// `\x1b`, `\u202e`, `\U000e0041`
  private static func number(_ value: UInt32) -> String {
    let (letter, width) = value < 0x100 ? ("x", 2) : value < 0x10000 ? ("u", 4) : ("U", 8)
    let digits = String(value, radix: 16)
    return "\\\(letter)" + String(repeating: "0", count: width - digits.count) + digits
  }
}
