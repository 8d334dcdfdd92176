internal import Bytes

/// The vmcore could not be written to its end.
package struct WriteError: Error, Equatable, CustomStringConvertible {
  /// What went wrong, for the exit status.
  package enum Kind: Equatable, Sendable {
    /// The output cannot be created, or must not be.
    case cannotCreate
    /// Writing failed.
    case failed
    /// The image could not be read.
    case readFailed
    /// Whoever read the output closed it.
    case closedPipe
    /// The run was interrupted.
    case cancelled
  }

  package var kind: Kind
  package var description: String

  /// An error with its whole text.
  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  init(_ error: ReadError) {
    self.init(.readFailed, error.description)
  }
}
