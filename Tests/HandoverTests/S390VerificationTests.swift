import CrashedKernel
import Handover
import Foundation
import TestSupport
import Testing

struct S390VerificationTests {
  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "testdata/recipes")

  private static func rows(_ recipe: String) throws -> [Verification.Row] {
    let text = try String(
      contentsOf: folder.appending(path: "\(recipe).recipe"), encoding: .utf8)
    return try ImageInMemory(text).verified().verification.rows
  }

  @Test(
    "os_info and its entries are checked, before and after the swap",
    arguments: [
      ("s390x-before", "os_info", "sound"), ("s390x-after", "os_info", "sound"),
      ("s390x-before", "os_info entry 1", "sound"), ("s390x-after", "os_info entry 1", "sound"),
      ("s390x-os-info-checksum", "os_info", "damaged"),
      ("s390x-os-info-magic", "os_info", "damaged"),
      ("s390x-os-info-misaligned", "os_info", "damaged"),
      ("s390x-vmcoreinfo-entry", "os_info entry 0", "damaged"),
    ])
  func osInfo(recipe: String, name: String, answer: String) throws {
    let row = try #require(try Self.rows(recipe).first { $0.name == name })
    #expect(row.answer == answer)
    #expect(row.verdict == (answer == "sound" ? .sound : .wrong))
  }
}
