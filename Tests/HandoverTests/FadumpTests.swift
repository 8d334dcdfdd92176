import CrashedKernel
import Handover
import TestSupport
import Testing

@Suite("A header of a firmware-assisted dump")
struct FadumpTests {
  @Test("is named by the structure that the crashed kernel left, in both of its forms")
  func named() throws {
    for name in ["fadump-unproved", "fadump-old"] {
      let system = try OpenedRecipe(named: name).system()
      #expect(system.namedBy.map(\.locator) == [.fadump], "\(name)")
      #expect(system.warnings.isEmpty, "\(name): \(system.warnings)")
    }
  }

  @Test("is not named by a structure that has another note's address")
  func otherNote() throws {
    let recipe = try RecipeFiles.text("fadump-unproved")
    let image = try ImageInMemory(recipe).writing([1], at: 0x610010)
    let system = try SystemFinder.find(in: image.image(), SearchOptions())
    #expect(system.namedBy.isEmpty)
    #expect(!system.warnings.isEmpty)
  }
}
