import Foundation
import TestSupport
import Testing
import VMCore

/// The image of the README's first command.
struct ExampleImageTests {
  private static let testdata = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "testdata")
  private static let image = testdata.appending(path: "example.img")

  private static func built() throws -> BuiltImage {
    let recipe = testdata.appending(path: "recipes/readme.recipe")
    return try ImageBuilder.build(RecipeParser.parse(String(contentsOf: recipe, encoding: .utf8)))
  }

  @Test("the committed example image is what its recipe makes")
  func isReproducible() throws {
    let made = Data(try Self.built().fileBytes())
    #expect(made.count <= 1 << 20)
    // Compared as one value: a difference must not print both files.
    #expect(try (Data(contentsOf: Self.image) == made) == true)
  }

  @Test("the example image gives the vmcore of its recipe without any option")
  func givesExpectedVMCore() throws {
    let dump = try CrashDump(imageAt: Self.image.path())
    let expected = try Self.built().expectedVMCore()
    #expect(dump.size == UInt64(expected.count))
    #expect(try (dump.bytes(at: 0, count: expected.count) == expected) == true)
    #expect(dump.report.warningTexts == [])
  }
}
