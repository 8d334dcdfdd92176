import Foundation
import TestSupport
import Testing
import VMCore

@Suite("A set of files of a given number")
struct SplitSetTests {
  /// Most of its memory is random.
  private let crash: KdumpOutputTests.Crash

  init() throws {
    crash = try KdumpOutputTests.Crash("readme", adding: "fill 0x36000-0x50000 random 7")
  }

  private func output(_ count: Int, level: Int = 1) -> OutputOptions {
    var output = KdumpOutputTests.output(level, .zlib)
    output.splitCount = count
    return output
  }

  private func paths(_ count: Int) -> [String] {
    (1...count).map { crash.folder.path("part \($0)") }
  }

  @Test("holds what one file does, whatever the number of threads", arguments: [2, 3, 7, 400])
  func content(_ count: Int) throws {
    _ = try crash.written(KdumpOutputTests.output(1, .zlib), to: "one")
    let one = try CrashDump(imageAt: crash.folder.path("one"))
    let expected = try one.bytes(at: 0, count: Int(one.size))
    for jobs in [1, 3] {
      var output = output(count)
      output.workers = jobs
      try crash.dump.plan(output).write(to: .files(paths(count), mayReplace: true))
      var options = CrashDumpOptions()
      options.parts = Array(paths(count).dropFirst())
      let joined = try CrashDump(imageAt: paths(count)[0], options: options)
      #expect(joined.report.warnings == one.report.warnings)
      #expect(try joined.bytes(at: 0, count: Int(joined.size)) == expected)
    }
  }

  @Test("has as many pages in each")
  func even() throws {
    try crash.dump.plan(output(4, level: 0)).write(to: .files(paths(4)))
    let sizes = try paths(4).map { try Data(contentsOf: URL(fileURLWithPath: $0)).count }
    var one = KdumpOutputTests.output(0, .zlib)
    one.workers = 1
    let whole = try crash.written(one, to: "one").count
    #expect(sizes.allSatisfy { $0 < whole })
  }

  @Test(
    "is joined by makedumpfile", .enabled(if: OutsideTool.isWanted("makedumpfile")),
    arguments: [2, 5])
  func reassembled(_ count: Int) throws {
    let tool = try #require(OutsideTool("makedumpfile"))
    let whole = try #require(
      KdumpModel(try crash.written(KdumpOutputTests.output(1, .zlib), to: "whole")))
    try crash.dump.plan(output(count)).write(to: .files(paths(count)))
    #expect(
      try tool.run(["--reassemble"] + paths(count) + [crash.folder.path("all")]).status == 0)
    let joined = try #require(KdumpModel(try crash.folder.bytes(of: "all")))
    #expect(joined.pages == whole.pages)
    #expect(joined.notes == whole.notes)
  }

  @Test("gets its names together or not at all")
  func names() throws {
    _ = try crash.folder.file([1], named: "part 2")
    let planned = try crash.dump.plan(output(3))
    let error = #expect(throws: VMCoreError.self) { try planned.write(to: .files(paths(3))) }
    #expect(error?.kind == .cannotCreate)
    #expect(crash.folder.names == ["image.bin", "part 2"])
    try planned.write(to: .files(paths(3), mayReplace: true))
    #expect(crash.folder.names == ["image.bin", "part 1", "part 2", "part 3"])
  }

  @Test("is refused where names and number differ, or a name is no file's")
  func refused() throws {
    let planned = try crash.dump.plan(output(3))
    for target in [OutputTarget.files(paths(2)), .file(path: paths(1)[0])] {
      #expect(throws: VMCoreError.self) { try planned.write(to: target) }
    }
    #expect(throws: VMCoreError.self) {
      try planned.write(to: .files(paths(2) + ["/dev/null"], mayReplace: true))
    }
    #expect(throws: VMCoreError.self) {
      try OutputTarget.files([paths(1)[0], paths(1)[0]]).check(for: output(2))
    }
    #expect(throws: VMCoreError.self) { try crash.dump.plan(output(1)) }
    #expect(crash.folder.names == ["image.bin"])
  }
}
