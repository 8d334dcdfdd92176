package import Bytes

/// An image cannot be used. The text names the file, the place, what was found and what was
/// expected.
package struct ImageError: Error, Equatable, CustomStringConvertible {
  /// What went wrong, for the exit status.
  package enum Kind: Equatable, Sendable {
    /// The options contradict each other or the file.
    case usage
    /// The file cannot be opened.
    case cannotOpen
    /// The file is none that can be read, or is damaged.
    case unusable
    /// The run was interrupted while a stream was read.
    case cancelled
  }

  /// What went wrong, for the exit status.
  package var kind: Kind
  /// What it says.
  package var message: Message
  /// The text.
  package var description: String { message.description }

  /// An error with its whole text.
  package init(_ kind: Kind, _ message: Message) {
    self.kind = kind
    self.message = message
  }

  /// An input that cannot be opened.
  init(opening error: OpenError) {
    self.init(.cannotOpen, "\(error)")
  }

  /// Bytes that cannot be read: the image cannot be used.
  package init(reading error: ReadError) {
    self.init(error.kind == .cancelled ? .cancelled : .unusable, "\(error)")
  }
}
