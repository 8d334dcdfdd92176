/// Something that the user must know about the result. It never stops the run by itself.
package struct Warning: Equatable, Sendable {
  /// The text, without a prefix.
  package var text: String
  /// Whether the vmcore lacks something that the crashed kernel's header promised (status 1).
  package var isPartial: Bool
  /// Whether something that should be sound is not: `--strict` makes an error of it.
  package var isDamage: Bool

  /// A warning; partial ones make the exit status 1.
  package init(_ text: String, isPartial: Bool = false, isDamage: Bool = true) {
    self.text = text
    self.isPartial = isPartial
    self.isDamage = isDamage
  }
}
