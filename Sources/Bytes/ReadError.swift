/// Bytes of a source could not be read.
package struct ReadError: Error, Equatable, CustomStringConvertible {
  /// Name of the source.
  package var source: String
  /// Offset in the source, in bytes.
  package var offset: UInt64
  /// What the system said.
  package var reason: String

  /// A failed read.
  package init(source: String, offset: UInt64, reason: String) {
    self.source = source
    self.offset = offset
    self.reason = reason
  }

  /// `image.bin: offset 0x1000: Input/output error`
  package var description: String { "\(source): offset \(offset.hex): \(reason)" }
}
