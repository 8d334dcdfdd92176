import VMCore

/// A JSON document with its members in order.
indirect enum JSONValue {
  case null
  case boolean(Bool)
  case number(UInt64)
  case string(String)
  case array([JSONValue])
  case object([(String, JSONValue)])

  /// A string, or null.
  static func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

  /// A number, or null.
  static func optional(_ number: UInt64?) -> JSONValue { number.map { .number($0) } ?? .null }

  /// An address: hexadecimal text, since JSON numbers lose bits beyond 2⁵³.
  static func address(_ value: UInt64) -> JSONValue {
    .string("0x" + String(value, radix: 16))
  }

  /// The document, indented by two spaces a level.
  var text: String { text(indent: "") }

  /// The document inside of another one, whose lines begin with `indent`.
  func text(indent: String) -> String {
    switch self {
    case .null: return "null"
    case .boolean(let value): return value ? "true" : "false"
    case .number(let value): return String(value)
    case .string(let value): return JSONValue.quoted(value)
    case .array(let values):
      return JSONValue.block("[", values.map { $0.text(indent: indent + "  ") }, "]", indent)
    case .object(let members):
      return JSONValue.block(
        "{",
        members.map { "\(JSONValue.quoted($0.0)): \($0.1.text(indent: indent + "  "))" }, "}",
        indent)
    }
  }

  private static func block(
    _ open: String, _ items: [String], _ close: String, _ indent: String
  ) -> String {
    guard !items.isEmpty else { return open + close }
    let lines = items.map { "\(indent)  \($0)" }.joined(separator: ",\n")
    return "\(open)\n\(lines)\n\(indent)\(close)"
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      default:
        if let byte = PathText.byte(of: scalar) {
          // JSON has no bytes: they are shown as everywhere else.
          result += "\\\\x" + digits(UInt32(byte), 2)
        } else if PrintableText.isHidden(scalar) {
          result += String(scalar).utf16.map { "\\u" + digits(UInt32($0), 4) }.joined()
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }

  private static func digits(_ value: UInt32, _ width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: width - digits.count) + digits
  }
}
