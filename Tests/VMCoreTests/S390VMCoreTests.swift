import TestSupport
import Testing
import VMCore

@Suite("The vmcore of an s390x machine, whose second kernel builds the header itself")
struct S390VMCoreTests {
  static let names = RecipeFiles.names.filter { $0.hasPrefix("s390x-") }

  @Test("It is the second kernel's, byte for byte, and what was wrong is said", arguments: names)
  func equal(_ name: String) throws {
    let recipe = try OpenedRecipe(named: name)
    let dump = try recipe.open()
    #expect(try dump.allBytes() == recipe.built.expectedVMCore())
    #expect(!dump.report.isPartial)
    let messages = recipe.built.recipe.expectation.messages
    let warnings = dump.report.warningTexts.joined(separator: "\n")
    for message in messages { #expect(warnings.contains(message), "\(warnings)") }
    #expect(messages.isEmpty == dump.report.warningTexts.isEmpty, "\(warnings)")
  }

  @Test(
    "The image gives the same vmcore before and after the swap",
    arguments: [
      "s390x-before", "s390x-boot-cpu", "s390x-6.12", "s390x-os-info-missing-after",
      "s390x-vmcoreinfo-os-info",
    ])
  func moments(_ name: String) throws {
    let before = try OpenedRecipe(named: name, adding: "moment before").open()
    let after = try OpenedRecipe(named: name, adding: "moment after").open()
    #expect(try before.allBytes() == after.allBytes())
    #expect(before.report.s390?.isSwapped == false)
    #expect(after.report.s390?.isSwapped == true)
    #expect(before.report.system.moment != after.report.system.moment)
    #expect(before.report.s390?.reIPL?.bytes == after.report.s390?.reIPL?.bytes)
  }

  @Test("With --strict damage is an error, and a machine that runs is none", arguments: names)
  func strict(_ name: String) throws {
    let recipe = try OpenedRecipe(named: name)
    let isSound = recipe.built.recipe.expectation.messages.allSatisfy { $0.hasPrefix("no CPU") }
    if isSound {
      _ = try recipe.open { $0.isStrict = true }
    } else {
      let error = #expect(throws: VMCoreError.self) { try recipe.open { $0.isStrict = true } }
      #expect(error?.kind == .unusable)
      #expect(error?.description.contains("as isStrict wants it") == true)
    }
  }

  @Test("The second kernel's own memory is shown once it runs, and refused before")
  func secondKernel() throws {
    let recipe = try OpenedRecipe(named: "s390x-after")
    let dump = try recipe.open { $0.selection = .kdump }
    #expect(dump.report.system.release == "6.1.0-s390x-kdump")
    #expect(dump.report.vmcore.loads.map(\.size) == [0x100000])
    let load = try #require(dump.report.vmcore.loads.first)
    #expect(try dump.bytes(at: load.offset + 0x10008, count: 8) == Array("S390EP\0\u{1}".utf8))

    let before = try OpenedRecipe(named: "s390x-before")
    let error = #expect(throws: VMCoreError.self) { try before.open { $0.selection = .kdump } }
    #expect(error?.description.contains("the second kernel has not started") == true)
  }

  @Test("Everything is shown as it lies")
  func everything() throws {
    let recipe = try OpenedRecipe(named: "s390x-after")
    let dump = try recipe.open { $0.selection = .all }
    #expect(dump.report.vmcore.loads.map(\.size) == [0x380000])
    let load = try #require(dump.report.vmcore.loads.first)
    #expect(try dump.bytes(at: load.offset, count: 0x380000) == recipe.built.fileBytes())
  }

  @Test("A header is neither built for another machine nor found where there is none")
  func headerOption() throws {
    let other = try OpenedRecipe(named: "arm64")
    #expect(throws: VMCoreError.self) { try other.open { $0.header = .build } }
    let recipe = try OpenedRecipe(named: "s390x-after")
    #expect(throws: VMCoreError.self) { try recipe.open { $0.header = .image } }
    #expect(try recipe.open { $0.header = .build }.allBytes() == recipe.built.expectedVMCore())
  }

  @Test("Up to Linux 4.3 a header that the second kernel's command line names is asked for first")
  func namedHeader() throws {
    let hex = "elfcorehdr=2052K".utf8.map { String($0, radix: 16) }.joined()
    func warnings(_ release: String) throws -> [String] {
      try OpenedRecipe(
        named: "s390x-before", adding: "osrelease \(release)\ndamage 0x210480 \(hex)"
      ).open().report.warningTexts
    }
    #expect(try warnings("4.3.0").first?.contains("names elfcorehdr=") == true)
    #expect(try warnings("4.4.0").isEmpty)
  }

  @Test("A vmcore with the block embedded differs by that note alone")
  func embedded() throws {
    let recipe = try OpenedRecipe(named: "s390x-before")
    let plain = try recipe.open()
    let dump = try recipe.open { $0.embedsReIPL = true }
    let block = try #require(plain.report.s390?.reIPL?.bytes)
    let notes = try plain.extract(.notes)
    let longer = try dump.extract(.notes)
    #expect(Array(longer.prefix(notes.count)) == notes)
    let head: [UInt8] = [0, 0, 0, 10, 0, 0, 0, 200] + Array("RIPLVMCOREGEN\0\0\0".utf8)
    #expect(Array(longer.dropFirst(notes.count)) == head + block)

    let other = try OpenedRecipe(named: "arm64")
    #expect(throws: VMCoreError.self) { try other.open { $0.embedsReIPL = true } }
  }

  @Test("A vmcore as input has the block, too, and takes it in once")
  func blockOfVMCore() throws {
    let image = try OpenedRecipe(named: "s390x-after").open()
    let folder = try TemporaryDirectory()
    try image.plan().write(to: .file(path: folder.path("vmcore")))
    let plain = try CrashDump(imageAt: folder.path("vmcore"))
    #expect(try plain.reIPL().bytes == image.reIPL().bytes)
    var options = CrashDumpOptions()
    options.embedsReIPL = true
    let dump = try CrashDump(imageAt: folder.path("vmcore"), options: options)
    #expect(try dump.extract(.notes).count > plain.extract(.notes).count)
    try dump.plan().write(to: .file(path: folder.path("embedded")))
    let again = try CrashDump(imageAt: folder.path("embedded"), options: options)
    #expect(try again.reIPL().bytes == image.reIPL().bytes)
    #expect(try again.extract(.notes) == dump.extract(.notes))

    try OpenedRecipe(named: "arm64").open().plan().write(to: .file(path: folder.path("other")))
    #expect(throws: VMCoreError.self) {
      try CrashDump(imageAt: folder.path("other"), options: options)
    }
  }

  @Test("On other machines there is no re-IPL block, and that is said")
  func noReIPL() throws {
    let error = #expect(throws: VMCoreError.self) {
      try OpenedRecipe(named: "x86_64-kernel-after").open().extract(.reipl)
    }
    #expect(error?.kind == .unusable)
    #expect(error?.description.contains("x86_64 has no re-IPL block") == true)
  }

  @Test("A damaged or missing block falls through to the next source, in the order of the manual")
  func reIPLSources() throws {
    let ccw = "000000c800000000000000c00280" + String(repeating: "00", count: 186)
    let lines = "s390 block lowcore 0x26000 \(ccw)\ns390 block ipl 0x27000 \(ccw)\n"
    func sources(_ damage: String) throws -> (answers: [CrashReport.Answer], winner: String?) {
      let s390 = try #require(
        try OpenedRecipe(named: "s390x-after", adding: lines + damage).open().report.s390)
      return (s390.reIPLSources.map(\.answer), s390.reIPL?.source)
    }
    let rest: [CrashReport.Answer] = [.absent, .found]
    let sound = try sources("")
    #expect(sound.answers == [.absent, .absent, .found, .found] + rest)
    #expect(sound.winner == "os_info")
    let first = try sources("damage 0x25010 ff")
    #expect(first.answers == [.absent, .absent, .corrupt, .found] + rest)
    #expect(first.winner == "lowcore 0xe00")
    let second = try sources("damage 0x25010 ff\ndamage 0x26010 ff")
    #expect(second.winner == "lowcore 0x14")
    let none = try sources("damage 0x25010 ff\ndamage 0x26010 ff\ndamage 0x2700c 09")
    #expect(none.answers.last == .corrupt)
    #expect(none.winner == nil)
  }
}
