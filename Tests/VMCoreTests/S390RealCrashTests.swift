import Foundation
import TestSupport
import Testing
import VMCore

/// A real s390x crash of `../shared/images`, unpacked where VMCOREGEN_IMAGES says.
struct S390Case: Decodable, Sendable, CustomTestStringConvertible {
  struct ReIPL: Decodable, Sendable {
    var hex: String
    var fields: [String: String]
  }
  struct Core: Decodable, Sendable {
    var size: UInt64
    var head: String
  }
  var name: String
  var image: String
  var machine: String
  var vmcore: Core?
  var reipl: ReIPL?

  var testDescription: String { name }

  private struct List: Decodable {
    var cases: [S390Case]
  }

  static let images = ProcessInfo.processInfo.environment["VMCOREGEN_IMAGES"]

  static let all: [S390Case] = {
    guard images != nil, let path = RecipeFiles.shared("images/cases.json"),
      let data = FileManager.default.contents(atPath: path),
      let list = try? JSONDecoder().decode(List.self, from: data)
    else { return [] }
    return list.cases.filter { $0.machine == "s390x" }
  }()

  func open() throws -> CrashDump {
    try CrashDump(imageAt: "\(Self.images ?? "")/\(image)")
  }
}

@Suite(
  "Real s390x crashes",
  .enabled(
    if: !S390Case.all.isEmpty || OutsideTool.isRequired,
    "VMCOREGEN_IMAGES names no folder with the unpacked images"))
struct S390RealCrashTests {
  @Test("There are some")
  func areThere() {
    #expect(!S390Case.all.isEmpty)
  }

  @Test("Header and notes are the kernel's own, byte for byte", arguments: S390Case.all)
  func head(_ real: S390Case) throws {
    let core = try #require(real.vmcore)
    let path = try #require(RecipeFiles.shared("images/\(core.head)"))
    let head = [UInt8](try #require(FileManager.default.contents(atPath: path)))
    let dump = try real.open()
    #expect(dump.size == core.size)
    #expect(try dump.bytes(at: 0, count: head.count) == head)
  }

  @Test("Both moments of a crash give the same vmcore, all of it")
  func moments() throws {
    for real in S390Case.all where real.name.hasSuffix("-before") {
      let other = try #require(S390Case.all.first { $0.name + "-before" == real.name })
      let before = try real.open()
      let after = try other.open()
      #expect(before.size == after.size)
      var offset: UInt64 = 0
      while offset < before.size {
        let isEqual =
          try before.bytes(at: offset, count: 1 << 24) == after.bytes(at: offset, count: 1 << 24)
        if !isEqual { Issue.record("\(real.name): differs behind \(offset)") }
        offset += 1 << 24
      }
    }
  }

  @Test("The re-IPL block is what an independent decoder says", arguments: S390Case.all)
  func reIPL(_ real: S390Case) throws {
    let block = try real.open().report.s390?.reIPL
    guard let expected = real.reipl else {
      #expect(block?.source != "os_info", "the kernel handed over none")
      return
    }
    let found = try #require(block)
    let hex = found.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    #expect(hex == expected.hex)
    #expect(
      Dictionary(uniqueKeysWithValues: found.fields.map { ($0.name, $0.value) }) == expected.fields)
  }
}
