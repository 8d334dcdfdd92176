/// Something about an image that the user must know. It never stops the run by itself.
package struct ImageWarning: Equatable, Sendable {
  /// The text, without a prefix.
  package var text: String
  /// Whether the image lacks something that it should hold (status 1).
  package var isPartial: Bool

  /// A warning; partial ones make the exit status 1.
  package init(_ text: String, isPartial: Bool = false) {
    self.text = text
    self.isPartial = isPartial
  }
}
