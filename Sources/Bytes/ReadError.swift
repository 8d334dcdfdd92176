/// Bytes of a source could not be read.
package struct ReadError: Error, Equatable, CustomStringConvertible {
  /// Name of the source.
  package var source: String
  /// Offset in the source, in bytes.
  package var offset: UInt64
  /// What the system said.
  package var reason: String
  /// What sort of failure it is.
  package var kind = Kind.failed

  /// Why bytes are not read.
  package enum Kind: Equatable, Sendable {
    /// They cannot be.
    case failed
    /// What the source claims is not worth the work (``Budget``).
    case tooCostly
    /// The run was interrupted.
    case cancelled
  }

  /// A failed read.
  package init(source: String, offset: UInt64, reason: String) {
    self.source = source
    self.offset = offset
    self.reason = reason
  }

  /// More work than a source is worth.
  init(tooCostly source: String, _ reason: String) {
    self.init(source: source, offset: 0, reason: reason)
    kind = .tooCostly
  }

  /// An interrupted run.
  package init(cancelled source: String) {
    self.init(source: source, offset: 0, reason: "interrupted")
    kind = .cancelled
  }

  /// `image.bin: offset 0x1000: Input/output error`
  package var description: String {
    kind == .failed ? "\(source): offset \(offset.hex): \(reason)" : "\(source): \(reason)"
  }
}
