import Foundation
import TestSupport
import Testing

@Suite(
  "The log of real crashes", .enabled(if: RealCase.isAvailable, "\(RealCase.absence)"))
struct RealLogTests {
  @Test("is tested with every case that there is")
  func areAll() {
    #expect(RealCase.all.count == RealCase.listed.count)
    #expect(RealCase.all.count { $0.machine == "x86_64" } >= 5)
  }

  @Test("begins with the kernel's name, is whole, and says why it died", arguments: RealCase.all)
  func log(_ real: RealCase) throws {
    let scratch = try TemporaryDirectory()
    let log = try Launch.program(["dmesg", real.path], in: scratch).run()
    #expect(log.status == 0)
    #expect(log.errors.isEmpty)
    #expect(log.text.contains("] Linux version "))
    #expect(log.text.split(separator: "\n").allSatisfy { $0.first == "[" || $0.first == " " })
    let info = try Launch.program(["info", "--json", real.path], in: scratch).run().text
    let isAlive = real.name.contains("alive")
    #expect(info.contains(#""panic": "sysrq triggered crash""#) == !isAlive)
    #expect(log.text.contains("Kernel panic - not syncing: sysrq triggered crash") == !isAlive)
  }

  @Test(
    "is what makedumpfile prints of the vmcore, byte for byte",
    .enabled(if: OutsideTool.isWanted("makedumpfile")),
    arguments: RealCase.all.filter { $0.machine == "x86_64" })
  func makedumpfile(_ real: RealCase) throws {
    let scratch = try TemporaryDirectory()
    let made = try Launch.program(["-q", "-o", "vmcore", real.path], in: scratch).run()
    #expect(made.status == 0)
    let line = "makedumpfile --dump-dmesg vmcore theirs > makedumpfile.log"
    let dumped = try Launch.shell(line, in: scratch).run(limit: 120)
    #expect(dumped.status == 0, "\(dumped.errors)")
    // Versions from 1.7.5 on print the caller, too.
    let hasCaller =
      try Launch.shell("grep -q '^\\[ .*\\] \\[ *[TC][0-9]*\\] ' theirs", in: scratch)
      .run().status == 0
    for image in [real.path, "vmcore"] {
      let arguments = (hasCaller ? ["--caller"] : []) + [image]
      let ours = try Launch.program(["dmesg"] + arguments, in: scratch).run()
      #expect(try ours.output == scratch.bytes(of: "theirs"))
    }
  }
}
