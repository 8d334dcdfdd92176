import Foundation
import TestConditions
import TestSupport
import Testing
import VMCore

@Suite("Dumps that makedumpfile made of our vmcore")
struct ReadBackTests {
  /// What makedumpfile is asked for, and whether pages may be left out.
  struct Form: Sendable, CustomTestStringConvertible {
    let line: String
    let mayLack: Bool
    var testDescription: String { line }
  }

  static let forms = [
    Form(line: "makedumpfile -c -d 0 vmcore dump", mayLack: false),
    Form(line: "makedumpfile -c -d 1 vmcore dump", mayLack: false),
    Form(line: "makedumpfile -c -d 31 vmcore dump", mayLack: true),
    Form(line: "makedumpfile -F -c -d 1 vmcore > dump", mayLack: false),
    Form(line: "makedumpfile -F -E -d 0 vmcore > dump", mayLack: false),
    Form(
      line: "makedumpfile -c -d 1 --split vmcore dump dump2 dump3", mayLack: false),
  ]

  @Test(
    "hold the same memory and the same notes",
    .enabled(if: RealCase.isAvailable, "\(RealCase.absence)"), arguments: forms)
  func memory(_ form: Form) throws {
    guard OutsideTool("makedumpfile") != nil else {
      return try OutsideTool.absent("makedumpfile")
    }
    let real = try #require(RealCase.all.first { $0.name == "x86_64-kexec_file_load" })
    let scratch = try TemporaryDirectory()
    let made = try Launch.program(["-q", "-o", "vmcore", real.path], in: scratch).run()
    #expect(made.status == 0)
    let filtered = try Launch.shell(form.line, in: scratch).run(limit: 120)
    #expect(filtered.status == 0, "\(filtered.text)\(filtered.errors)")
    let first = try CrashDump(imageAt: scratch.path("vmcore"))
    var options = CrashDumpOptions()
    if form.line.contains("--split") {
      options.parts = [scratch.path("dump3"), scratch.path("dump2")]
    }
    let second = try CrashDump(imageAt: scratch.path("dump"), options: options)
    #expect(!second.report.isPartial)
    #expect(try first.extract(.notes) == second.extract(.notes))
    for load in first.report.vmcore.loads {
      try compare(load.physicalAddress, load.size, first, second, mayLack: form.mayLack)
    }
  }

  private func compare(
    _ address: UInt64, _ size: UInt64, _ first: CrashDump, _ second: CrashDump, mayLack: Bool
  ) throws {
    var done: UInt64 = 0
    // One MiB in sixteen is enough to see a page at a wrong place. makedumpfile keeps whole pages.
    let whole = size / 4096 * 4096
    while done < whole {
      let count = Int(min(1 << 20, whole - done))
      let one = try first.memory(at: address + done, count: count)
      let two = try second.memory(at: address + done, count: count)
      if one != two {
        let isSame = mayLack && (one.map { pagesAgree($0, two ?? []) } ?? false)
        #expect(isSame, "memory from \(address + done) on differs")
        if !isSame { return }
      }
      done += done == 0 ? UInt64(count) : 16 << 20
    }
  }

  /// Whether each page is equal, or left out and so read as zeros.
  private func pagesAgree(_ one: [UInt8], _ two: [UInt8]) -> Bool {
    guard one.count == two.count else { return false }
    let zeros = ArraySlice([UInt8](repeating: 0, count: 4096))
    return stride(from: 0, to: one.count, by: 4096).allSatisfy { start in
      let page = two[start..<start + 4096]
      return page.elementsEqual(one[start..<start + 4096]) || page.elementsEqual(zeros)
    }
  }
}
