import Foundation
import TestSupport

/// Writes the memory image that a recipe describes.
@main
enum MakeImage {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    guard arguments.count == 2, let recipe = arguments.first, let output = arguments.last else {
      fail("usage: make-image RECIPE OUTPUT", status: 64)
    }
    do {
      let text = try String(contentsOfFile: recipe, encoding: .utf8)
      try ImageBuilder.build(RecipeParser.parse(text)).write(to: output)
    } catch {
      fail("make-image: \(recipe): \(error)", status: 65)
    }
  }

  private static func fail(_ message: String, status: Int32) -> Never {
    FileHandle.standardError.write(Data((message + "\n").utf8))
    exit(status)
  }
}
