package import Bytes

/// No vmcore can be made of a header; the text says what stands in the way and what to do.
package struct PlanError: Error, Equatable, CustomStringConvertible {
  /// What it says.
  package var message: Message
  /// The text.
  package var description: String { message.description }

  init(_ message: Message) {
    self.message = message
  }
}
