import Foundation
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
    let scratch = try ScratchDirectory()
    let path = Checkout.root + "/Tests/Fuzz/findings/" + finding
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    try scratch.write(bytes, to: "image.bin")
    #expect(Probe(imageAt: scratch.file("image.bin")).seconds < Probe.limit)
    try scratch.add("tiny")
    try scratch.write(try scratch.bytes(of: "image.bin") + bytes, to: "image.bin")
    #expect(Probe(imageAt: scratch.file("image.bin")).seconds < Probe.limit)
  }
}
