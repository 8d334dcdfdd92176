/// Something that the user must know about an image or what is made of it. It never stops the run
/// by itself.
package struct Finding: Equatable, Sendable {
  /// What it says, without a prefix.
  package var message: Message
  /// Whether something is lacking that should be there: memory that the image should hold, or
  /// something that the crashed kernel's header promised (status 1).
  package var isPartial: Bool
  /// Whether something that should be sound is not, which a strict run refuses.
  package var isDamage: Bool

  /// A finding; partial ones make the exit status 1.
  package init(_ message: Message, isPartial: Bool = false, isDamage: Bool = true) {
    self.message = message
    self.isPartial = isPartial
    self.isDamage = isDamage
  }

  /// The text, without a prefix.
  package var text: String { message.description }
}
