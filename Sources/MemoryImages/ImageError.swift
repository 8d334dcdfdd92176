internal import Bytes

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
  /// The text.
  package var description: String

  /// An error with its whole text.
  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// An input that cannot be opened.
  init(opening error: OpenError) {
    self.init(.cannotOpen, error.description)
  }

  /// Bytes that cannot be read: the image cannot be used.
  init(reading error: ReadError) {
    self.init(.unusable, error.description)
  }
}
