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

  /// Where each part of a set has its page of zeros, makedumpfile knows it, and takes no other page
  /// for it.
  @Test(
    "join a split set", .enabled(if: OutsideTool("makedumpfile") != nil),
    arguments: [
      "--split-into=a --split-into=b --split-into=c", "-d 1 --split-into=a --split-into=b",
      "-d 1 --split-size 2M -o a",
    ], ["-z", "-z0"])
  func reassembled(_ options: String, _ packing: String) throws {
    let scratch = try TemporaryDirectory()
    try DenseImage.addLarge(to: scratch)
    let finished = try Launch.shell(
      """
      vmcoregen -q --format=raw image.bin -o memory
      vmcoregen -q \(packing) \(options) image.bin
      makedumpfile --reassemble [abc]* whole > log && vmcoregen -q --format=raw whole -o back
      cmp back memory
      """, in: scratch
    ).run()
    #expect(finished.status == 0, "\(finished.text)\(finished.errors)")
    if options.hasPrefix("-d 1 --split-into") {
      #expect(try scratch.bytes(of: "whole").count < 6 << 20)
    } else if options.hasPrefix("-d 1") {
      // dump_level: a part whose table is its own names no page of zeros.
      #expect(try scratch.bytes(of: "a.1")[4096 + 8] == 0)
    }
  }
}
