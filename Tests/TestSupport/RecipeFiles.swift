import Foundation

/// The recipes of testdata, and what else lies at known places beside the tests.
package enum RecipeFiles {
  /// The folder of the package.
  package static let packageRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// The names of all recipes, sorted, without their extension.
  package static let names: [String] = {
    let files = try? FileManager.default.contentsOfDirectory(atPath: folder)
    return (files ?? []).filter { $0.hasSuffix(".recipe") }.map { String($0.dropLast(7)) }.sorted()
  }()

  /// The text of a recipe.
  package static func text(_ name: String) throws -> String {
    try String(contentsOfFile: "\(folder)/\(name).recipe", encoding: .utf8)
  }

  /// The image of a recipe.
  package static func image(_ name: String) throws -> BuiltImage {
    try ImageBuilder.build(parsing: text(name))
  }

  /// A file that is shared between projects and need not be there; nil where it is not.
  package static func shared(_ name: String) -> String? {
    let path = "\(packageRoot)/../shared/\(name)"
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  private static let folder = "\(packageRoot)/testdata/recipes"
}
