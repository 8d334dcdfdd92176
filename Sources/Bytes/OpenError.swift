/// An input could not be opened.
package struct OpenError: Error, Equatable, CustomStringConvertible {
  /// The name that was given.
  package var path: String
  /// Why it cannot be used, and what to do.
  package var reason: String

  /// A file that cannot be opened.
  package init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  /// `image.bin: cannot be opened: No such file or directory`
  package var description: String { "\(path): \(reason)" }
}
