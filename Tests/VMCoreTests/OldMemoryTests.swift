import Foundation
import TestSupport
import Testing
import VMCore

/// A running machine: a tree of files that stands for `/`.
private struct Machine {
  let recipe: OpenedRecipe
  let root: TemporaryDirectory

  /// The machine of a recipe with a command line.
  init(_ name: String, commandLine: String, without range: Range<Int>? = nil) throws {
    recipe = try OpenedRecipe(named: name)
    root = try TemporaryDirectory()
    for directory in ["proc/device-tree/chosen", "dev"] {
      try FileManager.default.createDirectory(
        atPath: root.path(directory), withIntermediateDirectories: true)
    }
    try root.file(Array("\(commandLine)\n".utf8), named: "proc/cmdline")
    var memory = try recipe.directory.bytes(of: "image.bin")
    if let range { memory.removeSubrange(range.clamped(to: 0..<memory.count)) }
    try root.file(memory, named: "dev/mem")
  }

  func open(_ change: (inout CrashDumpOptions) -> Void = { _ in }) throws -> CrashDump {
    var options = CrashDumpOptions()
    options.oldMemory = .init(root: root.path)
    change(&options)
    return try CrashDump(imageAt: "", options: options)
  }

  /// What it says where it is not opened.
  func error(_ change: (inout CrashDumpOptions) -> Void = { _ in }) -> VMCoreError? {
    do {
      _ = try open(change)
      return nil
    } catch {
      return error as? VMCoreError
    }
  }
}

@Suite("Old memory, where there is no /proc/vmcore")
struct OldMemoryTests {
  private static let name = "x86_64-kexec-tools-after"

  @Test(
    "is what a file of the same memory gives, wherever the true header is named",
    arguments: [
      "quiet elfcorehdr=0x2ee000 panic=1", "elfcorehdr=768@0x2ee000 elfcorehdr=0x180000",
      "elfcorehdr=0xfffffffffffff000 elfcorehdr=1M elfcorehdr=0x2ee000",
    ])
  func namedByCommandLine(_ line: String) throws {
    let machine = try Machine(Self.name, commandLine: line)
    let dump = try machine.open()
    #expect(try dump.allBytes() == machine.recipe.open().allBytes())
    #expect(dump.report.warningTexts.isEmpty)
    #expect(dump.report.system.moment == .after)
    #expect(dump.report.locators.map(\.description).contains { $0.contains("/proc/cmdline") })
  }

  @Test("is found by the device tree's property before the command line")
  func namedByDeviceTree() throws {
    let machine = try Machine(Self.name, commandLine: "elfcorehdr=0x180000")
    let place: [UInt8] = [0, 0, 0, 0, 0, 0x2e, 0xe0, 0, 0, 0, 0, 0, 0, 0, 4, 0]
    try machine.root.file(place, named: "proc/device-tree/chosen/linux,elfcorehdr")
    try machine.root.file([0, 0, 0, 2], named: "proc/device-tree/#address-cells")
    try machine.root.file([0, 0, 0, 2], named: "proc/device-tree/#size-cells")
    let dump = try machine.open()
    #expect(try dump.allBytes() == machine.recipe.open().allBytes())
    #expect(dump.report.locators.map(\.description).contains { $0.contains("device-tree") })
  }

  @Test("is read where the option says, of which nothing else is asked")
  func namedByOption() throws {
    let machine = try Machine(Self.name, commandLine: "quiet")
    let dump = try machine.open { $0.elfcorehdr = "0x2ee000" }
    #expect(try dump.allBytes() == machine.recipe.open().allBytes())
  }

  @Test("reads as zeros where it is refused, and says what would help")
  func refusedPages() throws {
    let machine = try Machine(
      Self.name, commandLine: "elfcorehdr=0x2ee000", without: 0x3f0000..<Int.max)
    let dump = try machine.open()
    var expected = try machine.recipe.open().allBytes()
    let bytes = try dump.allBytes()
    expected.replaceSubrange(
      (expected.count - 0x10000)..., with: repeatElement(0, count: 0x10000))
    #expect(difference(bytes, expected) == nil)
    let late = dump.lateWarnings.map(\.description)
    #expect(late.contains { $0.contains("16 pages are refused") && $0.contains("iomem=relaxed") })
  }

  /// What is said of an image, and not of a running machine.
  enum Refused: String, CaseIterable {
    case selection, header, base, state, isRebuilding, verifiesDigest, parts
    case fallback = "fallback.mode"

    func apply(to options: inout CrashDumpOptions) {
      switch self {
      case .selection: options.selection = .all
      case .header: options.header = .image
      case .base: options.base = 0
      case .state: options.state = .before
      case .isRebuilding: options.isRebuilding = true
      case .verifiesDigest: options.verifiesDigest = true
      case .parts: options.parts = ["part"]
      case .fallback: options.fallback.mode = .standalone
      }
    }
  }

  @Test(
    "is refused with anything that would touch more than the header names",
    arguments: Refused.allCases)
  func refusedOptions(_ refused: Refused) throws {
    let machine = try Machine(Self.name, commandLine: "elfcorehdr=0x2ee000")
    let found = machine.error { refused.apply(to: &$0) }
    let error = try #require(found)
    #expect(error.kind == .usage)
    #expect(error.description.contains(refused.rawValue), "\(error)")
  }

  @Test("searches nothing: a header that nobody names is not found")
  func nothingIsSearched() throws {
    let unnamed = try Machine(Self.name, commandLine: "quiet")
    #expect(unnamed.error()?.kind == .usage)
    let wrong = try Machine(Self.name, commandLine: "elfcorehdr=0x180000 elfcorehdr=1E")
    let error = try #require(wrong.error())
    #expect(error.kind == .unusable)
    #expect(error.description.contains("0x180000"), "\(error)")
    #expect(error.hints.isEmpty)
  }

  @Test("is needed only by a second kernel that has no /proc/vmcore")
  func need() throws {
    let machine = try Machine(Self.name, commandLine: "elfcorehdr=0x2ee000")
    let memory = CrashDumpOptions.OldMemory(root: machine.root.path + "/")
    #expect(memory.isNeeded)
    try machine.root.file([1], named: "proc/vmcore")
    #expect(!memory.isNeeded)
    let first = try Machine(Self.name, commandLine: "crashkernel=128M")
    #expect(!CrashDumpOptions.OldMemory(root: first.root.path).isNeeded)
  }

  @Test("says why the device cannot be opened")
  func absentDevice() throws {
    let machine = try Machine(Self.name, commandLine: "elfcorehdr=0x2ee000")
    try FileManager.default.removeItem(atPath: machine.root.path("dev/mem"))
    let error = try #require(machine.error())
    #expect(error.kind == .cannotOpen)
    #expect(error.description.contains("CONFIG_DEVMEM"), "\(error)")
  }

  @Test("has a log and checks like any image")
  func otherCommands() throws {
    let machine = try Machine(Self.name, commandLine: "elfcorehdr=0x2ee000")
    var options = CrashDumpOptions()
    options.oldMemory = .init(root: machine.root.path)
    options.isThorough = true
    let report = try VerificationReport(imageAt: "", options: options)
    #expect(report.rows.contains { $0.name.contains("notes") && $0.verdict == .sound })
    #expect(try CrashDump(imageAt: "", options: options).report.system.release == "6.1.0-18-amd64")
  }
}
