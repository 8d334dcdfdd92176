import Foundation
import TestSupport
import Testing
import VMCore

@Suite("The examples of the library's documentation")
struct DocumentationTests {
  struct Counter: CoreSink {
    var count = 0
    mutating func write(_ bytes: [UInt8]) { count += bytes.count }
  }

  /// What ``CrashDump`` shows; compiled, but run only where it may write into its directory.
  static func crashDump() throws -> CrashDump {
    let dump = try CrashDump(imageAt: "image.bin")
    print(dump.report.system.architecture?.rawValue ?? "unknown", dump.size)
    try dump.write(toFileAt: "vmcore")
    return dump
  }

  /// What the mount of a dump shows; compiled, but it needs root or fusermount3.
  static func mount(_ dump: CrashDump) throws -> String {
    let mounted = try dump.mount(on: "/mnt", showing: MountOptions())
    defer { mounted.unmount() }
    return mounted.vmcorePath
  }

  /// What ``VerificationReport`` shows; compiled, not run.
  static func verification() throws {
    let report = try VerificationReport(imageAt: "image.bin")
    for row in report.rows { print(row.name, row.answer) }
  }

  /// What ``KernelLog`` shows; compiled, not run.
  static func log() throws {
    var log = try KernelLog(imageAt: "image.bin")
    while let record = try log.next() { print(String(decoding: record.text, as: UTF8.self)) }
  }

  /// What ``MemoryMap`` shows; compiled, not run.
  static func map() throws {
    for part in try CrashDump(imageAt: "image.bin").map.parts { print(part.kind, part.ranges) }
  }

  /// What ``OutputOptions`` shows; compiled, not run.
  static func output(_ dump: CrashDump) throws {
    var output = OutputOptions()
    output.format = .kdump
    try dump.write(toFileAt: "vmcore.kdump", as: output)
  }

  /// What ``DumpLevel`` shows; compiled, not run.
  static func filter(_ output: inout OutputOptions) {
    output.filter = FilterOptions(level: [.zero, .free])
  }

  /// What ``PlannedOutput`` shows; compiled, not run.
  static func planned(_ dump: CrashDump, _ output: OutputOptions) throws {
    let planned = try dump.plan(output)
    print("at most", planned.work, "bytes to go")
    try planned.write(to: .file(path: "vmcore.kdump"))
  }

  /// What ``PathText`` shows; compiled, not run.
  static func name(_ dump: CrashDump) throws {
    let path = PathText.text(of: [0x76, 0x6d, 0xff])
    try dump.write(toFileAt: path)
  }

  @Test("Without a header, refusing the fallback is an error")
  func refusal() throws {
    var options = CrashDumpOptions()
    options.fallback.mode = .refuse
    let recipe = try OpenedRecipe(named: "readme")
    #expect(try CrashDump(imageAt: recipe.path, options: options).report.header.address != nil)
  }

  @Test("A sink takes the whole vmcore, in order")
  func sink() throws {
    let dump = try OpenedRecipe(named: "readme").open()
    var counter = Counter()
    try dump.write(to: &counter)
    #expect(UInt64(counter.count) == dump.size)
    struct Keeper: CoreSink {
      var bytes: [UInt8] = []
      mutating func write(_ bytes: [UInt8]) { self.bytes += bytes }
    }
    var keeper = Keeper()
    try dump.write(to: &keeper)
    #expect(try difference(keeper.bytes, dump.allBytes()) == nil)
  }

  @Test("The base that is given is used")
  func base() throws {
    var options = CrashDumpOptions()
    options.base = 0x4000_0000
    let recipe = try OpenedRecipe(named: "arm64")
    let dump = try CrashDump(imageAt: recipe.path, options: options)
    #expect(dump.report.image.layout == "base 0x40000000")
    #expect(!dump.report.image.isLayoutFound)
  }

  @Test("A flattened file is put together")
  func unflattened() throws {
    let directory = try TemporaryDirectory()
    let dump = try OpenedRecipe(named: "readme").open()
    var output = OutputOptions()
    output.isFlattened = true
    try dump.write(toFileAt: directory.path("vmcore.flat"), as: output)
    let whole = try UnflattenedFile(at: directory.path("vmcore.flat"))
    try whole.plan().write(to: .file(path: directory.path("vmcore")))
    #expect(try directory.bytes(of: "vmcore") == dump.allBytes())
    #expect(throws: VMCoreError.self) { try unflattenedExample() }
  }

  private func unflattenedExample() throws {
    let file = try UnflattenedFile(at: "vmcore.flat")
    try file.plan().write(to: .file(path: "vmcore"))
  }

  @Test("An error names settings as the program that shows it does")
  func message() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.file([1], named: "vmcore")
    let dump = try OpenedRecipe(named: "readme").open()
    let error = try #require(
      #expect(throws: VMCoreError.self) { try dump.plan().write(to: .file(path: path)) })
    print(error.message.text { "--\($0)" })
    #expect(error.message.settings == [.mayReplace])
    #expect(
      error.message.text { "--\($0)" } == "\(path): exists already, --mayReplace replaces it")
    #expect(error.description == "\(path): exists already, mayReplace replaces it")
  }

  @Test("Bytes are read into a buffer as into an array, fewer of them at the end only")
  func buffer() throws {
    let dump = try OpenedRecipe(named: "readme").open()
    for offset in [0, 100, dump.size - 50, dump.size, dump.size + 1] {
      var bytes = [UInt8](repeating: 7, count: 100)
      let count = try bytes.withUnsafeMutableBytes { try dump.read(at: offset, into: $0) }
      #expect(try Array(bytes.prefix(count)) == dump.bytes(at: offset, count: 100))
      #expect(bytes.dropFirst(count).allSatisfy { $0 == 7 })
    }
  }

  @Test("Warnings are plain text")
  func warnings() throws {
    let dump = try OpenedRecipe(named: "truncated").open()
    for warning in dump.report.warnings { print("warning:", warning) }
    #expect(dump.report.warnings.count == 1)
  }

  @Test("Every example stands in this file, word for word, so that it is compiled")
  func verbatim() throws {
    let here = try Self.lines(of: #filePath)
    let folder = "\(RecipeFiles.packageRoot)/Sources/VMCore"
    var count = 0
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      for example in try Self.examples(in: "\(folder)/\(name)") {
        count += 1
        let starts = here.indices.filter { here[$0...].starts(with: example) }
        #expect(!starts.isEmpty, "\(name): \(example.joined(separator: "\n"))")
      }
    }
    #expect(count >= 4)
  }

  private static func lines(of path: String) throws -> [String] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      .map { $0.trimmingCharacters(in: .whitespaces) }
  }

  private static func examples(in path: String) throws -> [[String]] {
    var examples: [[String]] = []
    var isInside = false
    for line in try lines(of: path) where line.hasPrefix("///") {
      let text = line.dropFirst(3).trimmingCharacters(in: .whitespaces)
      if text == "```swift" {
        isInside = true
        examples.append([])
      } else if text == "```" {
        isInside = false
      } else if isInside {
        examples[examples.count - 1].append(text)
      }
    }
    return examples
  }
}
