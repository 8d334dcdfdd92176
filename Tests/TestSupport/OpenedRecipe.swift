/// The image of a recipe in a file of its own, for a test to open in its layer's way.
package struct OpenedRecipe: Sendable {
  /// The image, and what is expected of it.
  package let built: BuiltImage
  /// Where the file lies; it disappears with this.
  package let directory: TemporaryDirectory

  /// Writes the image of a recipe's text.
  package init(_ text: String) throws {
    built = try ImageBuilder.build(parsing: text)
    directory = try TemporaryDirectory()
    try built.write(to: path)
  }

  /// The same for a recipe of testdata, with further lines.
  package init(named name: String, adding lines: String = "") throws {
    try self.init(RecipeFiles.text(name) + "\n" + lines)
  }

  /// The file.
  package var path: String { directory.path("image.bin") }
}
