import Foundation
import TestSupport
import Testing
import VMCore

@testable import vmcoregen

@Suite("What the program calls the settings of the library")
struct WordingTests {
  @Test("is an option that the program has", arguments: Setting.allCases)
  func options(_ setting: Setting) throws {
    let scratch = try TemporaryDirectory()
    let help = try Launch.program(["--experimental-dump-help"], in: scratch).run().text
    let name = Wording.option(setting).dropFirst(2)
    #expect(help.contains("\"name\" : \"\(name)\""))
  }

  @Test("stands in no text of the libraries")
  func libraries() throws {
    let sources = Checkout.root + "/Sources"
    let files = try #require(FileManager.default.enumerator(atPath: sources))
    var seen = 0
    for case let file as String in files
    where file.hasSuffix(".swift") && !file.hasPrefix("vmcoregen/") {
      seen += 1
      let text = try String(contentsOfFile: "\(sources)/\(file)", encoding: .utf8)
      for line in text.split(separator: "\n") where !line.drop(while: { $0 == " " }).hasPrefix("//")
      {
        for setting in Setting.allCases {
          let option = Wording.option(setting)
          #expect(!line.contains(option + " ") && !line.contains(option + "="), "\(file): \(line)")
        }
        #expect(!line.contains(/"--[a-z]/), "\(file): \(line)")
      }
    }
    #expect(seen > 200)
  }
}
