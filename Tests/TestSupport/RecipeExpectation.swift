/// What a test expects of the program, given a recipe's image.
package struct RecipeExpectation: Sendable, Equatable {
  /// The exit status.
  package var status = 0
  /// The address of the header that is chosen.
  package var header: UInt64?
  /// Texts that the program says.
  package var messages: [String] = []
  /// Arguments that the program is given besides the image.
  package var arguments: [String] = []
}
