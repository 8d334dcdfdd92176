import Bytes
import Foundation
import TestSupport
import Testing

struct SHA256Tests {
  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { String(format: "%02x", $0) }.joined()
  }

  @Test(
    "the digests of FIPS 180-4's examples are right",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
          + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
      ),
    ])
  func examples(text: String, digest: String) {
    #expect(Self.hex(SHA256.digest(of: Array(text.utf8))) == digest)
  }

  @Test("a million letters have the digest that FIPS 180-4 prints")
  func million() {
    let letters = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
    #expect(
      Self.hex(SHA256.digest(of: letters))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test("a message in pieces of any size has the digest of the whole")
  func pieces() {
    var generator = SeededGenerator(seed: 180_4)
    let message = (0..<700).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let whole = SHA256.digest(of: message)
    for size in 1...130 {
      var hash = SHA256()
      for start in stride(from: 0, to: message.count, by: size) {
        let piece = Array(message[start..<min(start + size, message.count)])
        unsafe piece.withUnsafeBytes { unsafe hash.update($0) }
      }
      #expect(hash.finish() == whole, "pieces of \(size) bytes")
    }
  }

  @Test("every length up to 1,000 bytes has the digest of a plain implementation")
  func lengths() {
    var generator = SeededGenerator(seed: 180_5)
    let message = (0..<1000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    for count in 0...message.count {
      let part = Array(message.prefix(count))
      #expect(SHA256.digest(of: part) == SHA256Model.digest(part), "\(count) bytes")
    }
  }

  private static let tool = "/usr/bin/sha256sum"
  private static let mustRun =
    ProcessInfo.processInfo.environment["VMCOREGEN_REQUIRE_TOOLS"] == "1"
    || FileManager.default.isExecutableFile(atPath: tool)

  @Test(
    "sha256sum gives the same digest for 500 random lengths",
    .enabled(if: mustRun, "sha256sum is not installed"))
  func outsideTool() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sha-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var generator = SeededGenerator(seed: 180_6)
    var expected: [String] = []
    for index in 0..<500 {
      let count = Int.random(in: 0...(index < 490 ? 400 : 200_000), using: &generator)
      var bytes = [UInt8](repeating: 0, count: count)
      for place in bytes.indices { bytes[place] = UInt8(truncatingIfNeeded: generator.next()) }
      try Data(bytes).write(to: folder.appending(path: "\(1000 + index)"))
      expected.append("\(Self.hex(SHA256.digest(of: bytes)))  \(1000 + index)")
    }
    let process = Process()
    process.executableURL = URL(filePath: Self.tool)
    process.currentDirectoryURL = folder
    process.arguments = (0..<500).map { "\(1000 + $0)" }
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let lines = String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
    #expect(lines == expected)
  }
}
