import Foundation
import TestSupport
import Testing

@Suite("Outside tools")
struct OutsideToolTests {
  @Test("open the vmcore of a recipe", arguments: OutsideReader.all.filter(\.opensRecipes))
  func recipe(_ tool: OutsideReader) throws {
    let scratch = try TemporaryDirectory()
    try scratch.add("x86_64-kernel-after")
    let made = try Launch.program(["-q", "-o", "vmcore", "image.bin"], in: scratch).run()
    #expect(made.status == 0)
    try tool.judge(scratch.path("vmcore"), in: scratch)
  }

  @Test(
    "open the vmcore of a real crash", .enabled(if: RealCase.isAvailable, "\(RealCase.absence)"),
    arguments: OutsideReader.all)
  func realCrash(_ tool: OutsideReader) throws {
    let real = try #require(RealCase.all.first { $0.name == "x86_64-kexec_file_load" })
    let scratch = try TemporaryDirectory()
    let made = try Launch.program(["-q", "-o", "vmcore", real.path], in: scratch).run()
    #expect(made.status == 0)
    try tool.judge(scratch.path("vmcore"), in: scratch)
  }
}
