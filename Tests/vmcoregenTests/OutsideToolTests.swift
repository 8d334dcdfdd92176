import Foundation
import Testing

@Suite("Outside tools")
struct OutsideToolTests {
  @Test("open the vmcore of a recipe", arguments: OutsideTool.all.filter(\.opensRecipes))
  func recipe(_ tool: OutsideTool) throws {
    let scratch = try ScratchDirectory()
    try scratch.add("x86_64-kernel-after")
    let made = try Launch.program(["-q", "-o", "vmcore", "image.bin"], in: scratch).run()
    #expect(made.status == 0)
    try tool.judge(scratch.file("vmcore"), in: scratch)
  }

  @Test(
    "open the vmcore of a real crash", .enabled(if: RealCase.isAvailable, "\(RealCase.absence)"),
    arguments: OutsideTool.all)
  func realCrash(_ tool: OutsideTool) throws {
    let real = try #require(RealCase.all.first { $0.name == "x86_64-kexec_file_load" })
    let scratch = try ScratchDirectory()
    let made = try Launch.program(["-q", "-o", "vmcore", real.path], in: scratch).run()
    #expect(made.status == 0)
    try tool.judge(scratch.file("vmcore"), in: scratch)
  }
}
