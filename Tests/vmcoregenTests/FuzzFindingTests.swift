import Foundation
import TestSupport
import Testing

@Suite("Inputs that once crashed the program")
struct FuzzFindingTests {
  /// Every file of Tests/Fuzz/findings, by its path below that folder.
  static let findings: [String] = {
    let folder = Checkout.root + "/Tests/Fuzz/findings"
    let files = FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []
    return files.filter { !$0.hasSuffix(".md") && $0.contains("/") }.sorted()
  }()

  @Test("do so no more, alone and as a part of an image", arguments: findings)
  func replay(_ finding: String) throws {
    let scratch = try TemporaryDirectory()
    let path = Checkout.root + "/Tests/Fuzz/findings/" + finding
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    try scratch.file(bytes, named: "image.bin")
    #expect(Probe(imageAt: scratch.path("image.bin")).seconds < Probe.limit)
    try scratch.add("tiny")
    try scratch.file(try scratch.bytes(of: "image.bin") + bytes, named: "image.bin")
    #expect(Probe(imageAt: scratch.path("image.bin")).seconds < Probe.limit)
  }
}
