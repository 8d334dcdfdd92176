/// Why a recipe could not be understood or built.
package struct RecipeError: Error, Equatable, CustomStringConvertible {
  /// The line of the recipe, from 1; nil if no single line is at fault.
  package let line: Int?
  /// What was found and what was expected.
  package let reason: String

  /// An error at a line, or of the recipe as a whole.
  package init(line: Int? = nil, _ reason: String) {
    self.line = line
    self.reason = reason
  }

  /// The error as shown to a person.
  package var description: String {
    line.map { "line \($0): \(reason)" } ?? reason
  }
}
