package import Bytes
internal import Glibc

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
    /// What the image claims is not worth the output that it would take.
    case tooCostly
    /// Whoever read the output closed it.
    case closedPipe
    /// The run was interrupted.
    case cancelled
  }

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

  /// Whether what was written until then is sound.
  var leavesSoundBytes: Bool {
    switch kind {
    case .failed, .readFailed, .cancelled: true
    case .cannotCreate, .tooCostly, .closedPipe: false
    }
  }

  /// A stream takes no more bytes, by `errno`. A socket is reset where its reader goes away before it
  /// has read what is there (Linux `net/unix/af_unix.c`, `unix_release_sock`; RFC 1122, 4.2.2.13).
  init(stream name: String, after done: String) {
    let isClosed = errno == EPIPE || errno == ECONNRESET
    self.init(
      isClosed ? .closedPipe : .failed, "\(name): \(describeErrno()), after \(done) bytes")
  }

  init(_ error: ReadError) {
    let kind: Kind =
      switch error.kind {
      case .failed: .readFailed
      case .tooCostly: .tooCostly
      case .cancelled: .cancelled
      }
    self.init(kind, "\(error)")
  }
}
