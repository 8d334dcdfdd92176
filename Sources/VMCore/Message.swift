internal import Bytes

/// A text for people in which settings stand as values: each program calls them by its own names.
///
/// ```swift
/// print(error.message.text { "--\($0)" })
/// ```
public struct Message: Equatable, Sendable {
  private let content: Bytes.Message

  init(_ content: Bytes.Message) {
    self.content = content
  }

  /// Words without a setting.
  public init(_ text: String) {
    content = Bytes.Message(text)
  }

  /// The whole text, with the names that a program gives the settings.
  public func text(naming name: (Setting) -> String) -> String {
    content.text { name(Setting($0)) }
  }

  /// The settings that the text speaks of, in order: what helps, or what was asked for in vain.
  public var settings: [Setting] {
    content.parts.compactMap { part in
      if case .setting(let setting) = part { Setting(setting) } else { nil }
    }
  }
}

extension Message: CustomStringConvertible {
  /// The whole text, with the names that this library gives the settings.
  public var description: String { content.description }
}
