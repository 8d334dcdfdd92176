package import Bytes

/// Why nothing can be left out of a dump.
package enum SelectionError: Error, Sendable {
  /// The kernel's memory does not tell, or contradicts itself.
  case refused(Message)
  /// The image cannot be read.
  case read(ReadError)
  /// Nothing can be kept of the result.
  case noSpace(OpenError)
  /// The run was interrupted.
  case cancelled
}

extension SelectionError {
  /// Why nothing is left out, where everything is written all the same; nil where that was not to
  /// be.
  package var whyNothing: Message? {
    switch self {
    case .refused(let why): why
    case .read(let error): error.kind == .cancelled ? nil : Message(error.description)
    case .noSpace(let error): Message(error.description)
    case .cancelled: nil
    }
  }
}
