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
