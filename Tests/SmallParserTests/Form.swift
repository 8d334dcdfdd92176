/// A closed set of values.
enum Form: String, CaseIterable {
  case elf, kdump
}

/// A command whose values a test compares.
protocol Describable {
  /// All that was said.
  var text: String { get }
}
