import Foundation
import TestSupport
import Testing
import VMCore

@Suite("What outside tools say to our output")
struct OutsideReaderTests {
  typealias Crash = KdumpOutputTests.Crash

  @Test(
    "makedumpfile -R makes of both flattened forms the files that are written directly",
    .enabled(if: OutsideTool.isWanted("makedumpfile")), arguments: [false, true])
  func rearranged(_ isKdump: Bool) throws {
    let tool = try #require(OutsideTool("makedumpfile"))
    let crash = try Crash("readme")
    var output = isKdump ? KdumpOutputTests.output(1, .zlib) : OutputOptions()
    let direct = try crash.written(output, to: "direct")
    output.isFlattened = true
    _ = try crash.written(output, to: "flat")
    let result = crash.folder.path("result")
    #expect(try tool.run(["-R", result], input: crash.folder.path("flat")).status == 0)
    #expect(try crash.folder.bytes(of: "result") == direct)
  }

  @Test(
    "makedumpfile -R refuses a failed run, for whose rest it would wait 600 seconds",
    .enabled(if: OutsideTool.isWanted("makedumpfile")), .timeLimit(.minutes(5)))
  func refused() throws {
    let tool = try #require(OutsideTool("makedumpfile"))
    let crash = try Crash("readme")
    let log = try crash.folder.file(try crash.failedStream(), named: "log")
    #expect(try tool.run(["-R", crash.folder.path("result")], input: log).status != 0)
  }

  @Test(
    "makedumpfile joins a split set, each file of which is small enough",
    .enabled(if: OutsideTool.isWanted("makedumpfile")))
  func reassembled() throws {
    let tool = try #require(OutsideTool("makedumpfile"))
    let crash = try Crash("readme", adding: "fill 0x36000-0x50000 random 7")
    var output = KdumpOutputTests.output(0, .zlib)
    let whole = try #require(KdumpModel(try crash.written(output, to: "whole")))
    output.splitSize = 100_000
    try crash.dump.write(toFileAt: crash.folder.path("part"), as: output)
    let names = crash.folder.names.filter { $0.hasPrefix("part.") }
    #expect(names.count > 1)
    for name in names { #expect(try crash.folder.bytes(of: name).count <= 100_000) }
    let arguments = ["--reassemble"] + names.map(crash.folder.path) + [crash.folder.path("all")]
    #expect(try tool.run(arguments).status == 0)
    let joined = try #require(KdumpModel(try crash.folder.bytes(of: "all")))
    #expect(joined.pages == whole.pages)
    #expect(joined.notes == whole.notes)
  }

  @Test(
    "gzip gives the ELF vmcore back", .enabled(if: OutsideTool.isWanted("gzip")),
    arguments: [0, 1, 9])
  func unpacked(_ level: Int) throws {
    let tool = try #require(OutsideTool("gzip"))
    let crash = try Crash("readme")
    for engine in KdumpOutputTests.engines {
      var output = OutputOptions()
      output.gzipLevel = level
      output.engine = engine
      let packed = try crash.written(output)
      for jobs in [1, 2, 7] {
        output.workers = jobs
        #expect(try crash.written(output) == packed)
      }
      let result = try tool.run(["-dc"], input: crash.folder.path("out"))
      #expect(result.status == 0)
      #expect(result.output == crash.elf)
    }
  }

  @Test(
    "crash finds the release in a kdump file", .enabled(if: OutsideTool.isWanted("crash")))
  func release() throws {
    let tool = try #require(OutsideTool("crash"))
    let crash = try Crash("readme")
    _ = try crash.written(KdumpOutputTests.output(1, .zlib))
    let result = try tool.run(["--osrelease", crash.folder.path("out")])
    #expect(String(decoding: result.output, as: UTF8.self) == "6.1.0-18-amd64\n")
  }
}
