import Foundation
import Testing

@Suite("The manual", .enabled(if: Manual.text != nil, "man/vmcoregen.1 is not there"))
struct ManualTests {
  @Test("has every option of the program")
  func hasEveryOption() throws {
    let options = try Manual.optionsOfTheProgram()
    let manual = Manual.options(in: try #require(Manual.text))
    #expect(options.count > 15)
    for option in options.sorted() where !manual.contains(option) {
      Issue.record("the manual lacks \(option)")
    }
  }

  @Test("has no option that the program lacks")
  func hasNoOtherOption() throws {
    let options = try Manual.optionsOfTheProgram()
    for option in Manual.options(in: try #require(Manual.text)).sorted()
    where !options.contains(option) {
      Issue.record("the program lacks \(option)")
    }
  }

  @Test("has every exit status", arguments: [0, 1, 64, 65, 66, 70, 73, 74])
  func hasEveryStatus(_ status: Int) throws {
    let section = Manual.section("EXIT STATUS", in: try #require(Manual.text))
    #expect(
      section.split(separator: "\n").contains {
        $0.hasPrefix(".It") && $0.split(separator: " ").contains("\(status)")
      })
  }

  @Test("names every input format that is recognised", arguments: Manual.formats)
  func hasEveryFormat(_ format: String) throws {
    let text = try #require(Manual.text)
    #expect(Manual.section("FORMATS", in: text).lowercased().contains(format.lowercased()))
  }
}
