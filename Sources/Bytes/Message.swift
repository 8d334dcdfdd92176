/// A text for people in which settings stand as values: a library does not know what a program
/// calls them.
package struct Message: Equatable, Sendable {
  /// A piece of the text.
  package enum Part: Equatable, Sendable {
    /// Words.
    case text(String)
    /// The name of a setting.
    case setting(Setting)
  }

  /// The pieces in order.
  package private(set) var parts: [Part] = []

  /// Words without a setting.
  package init(_ text: String) {
    append(text)
  }

  /// The whole text, with each setting named as the program does.
  package func text(naming name: (Setting) -> String) -> String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .setting(let setting): name(setting)
      }
    }.joined()
  }

  /// One text behind the other.
  package static func + (first: Message, second: Message) -> Message {
    var message = first
    for part in second.parts { message.append(part) }
    return message
  }

  private mutating func append(_ part: Part) {
    if case .text(let text) = part { append(text) } else { parts.append(part) }
  }

  private mutating func append(_ text: String) {
    if case .text(let before)? = parts.last {
      parts[parts.count - 1] = .text(before + text)
    } else {
      parts.append(.text(text))
    }
  }
}

extension Message: CustomStringConvertible {
  /// The text with the settings' names in the public library.
  package var description: String { text(naming: \.rawValue) }
}

extension Message: ExpressibleByStringInterpolation {
  /// Puts a text together.
  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var message = Message("")

    package init(literalCapacity: Int, interpolationCount: Int) {}

    package mutating func appendLiteral(_ literal: String) {
      message.append(literal)
    }

    /// A setting, to be named by whoever shows the text.
    package mutating func appendInterpolation(_ setting: Setting) {
      message.append(.setting(setting))
    }

    /// A text with its settings.
    package mutating func appendInterpolation(_ part: Message) {
      message = message + part
    }

    /// Anything else.
    package mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      message.append(value.description)
    }
  }

  package init(stringLiteral text: String) {
    self.init(text)
  }

  package init(stringInterpolation: StringInterpolation) {
    self = stringInterpolation.message
  }
}
