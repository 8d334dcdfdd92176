import TestSupport

extension TemporaryDirectory {
  /// Writes the image of a recipe of testdata.
  @discardableResult
  func add(_ recipe: String, as name: String = "image.bin") throws -> BuiltImage {
    let image = try RecipeFiles.image(recipe)
    try image.write(to: path(name))
    return image
  }
}
