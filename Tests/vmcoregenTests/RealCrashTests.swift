import Foundation
import TestSupport
import Testing

@Suite("Real crashes", .enabled(if: RealCase.isAvailable, "\(RealCase.absence)"))
struct RealCrashTests {
  @Test("are there: at least one of each machine")
  func areThere() {
    #expect(Set(RealCase.judged.map(\.machine)).count == 5, "\(RealCase.absence)")
  }

  @Test(
    "give the kernel's own vmcore, byte for byte, with no option",
    arguments: RealCase.judged.map(\.name))
  func isEqual(_ name: String) throws {
    let real = try #require(RealCase.judged.first { $0.name == name })
    let core = try #require(real.vmcore)
    let scratch = try TemporaryDirectory()
    let sums = [
      "vmcoregen -q '\(real.path)' > vmcore; sha256sum < vmcore": core.sha256,
      "vmcoregen -q '\(real.path)' | sha256sum": core.sha256,
    ]
    let masked = (core.differs ?? []).map {
      "dd if=/dev/zero of=vmcore bs=4096 count=1 seek=\($0 / 4096) conv=notrunc 2> /dev/null; "
    }
    for (line, sum) in sums where core.sha256_masked == nil {
      #expect(try Launch.shell(line, in: scratch).run(limit: 120).text.hasPrefix(sum), "\(line)")
    }
    if let sum = core.sha256_masked {
      let line =
        "vmcoregen -q '\(real.path)' > vmcore; \(masked.joined())sha256sum < vmcore"
      #expect(try Launch.shell(line, in: scratch).run(limit: 120).text.hasPrefix(sum), "\(line)")
    }
    #expect(sizeOfFile(scratch.path("vmcore"), orNothing: core.size) == core.size)
  }

  @Test("without kdump have no elfcorehdr: status 65, and it is said what was searched")
  func withoutKdump() throws {
    let real = try #require(RealCase.all.first { $0.name == "x86_64-no-kdump" })
    let scratch = try TemporaryDirectory()
    let finished = try Launch.program(["--fallback=refuse", real.path], in: scratch).run()
    #expect(finished.status == 65)
    let isSilent = finished.output.isEmpty
    #expect(isSilent)
    #expect(finished.errors.contains("image.bin: no elfcorehdr: no kdump kernel was loaded"))
    for locator in ["boot_params", "device tree", "scan at 4096", "scan at 1024"] {
      #expect(finished.errors.contains("hint: searched: \(locator): "))
    }
  }

  @Test("without kdump become a stand-alone dump of the right kernel, said loudly")
  func standAlone() throws {
    let real = try #require(RealCase.all.first { $0.name == "x86_64-no-kdump" })
    let scratch = try TemporaryDirectory()
    let finished = try Launch.program(["-o", "vmcore", real.path], in: scratch).run(limit: 120)
    #expect(finished.status == 0)
    #expect(finished.errors.contains("FALLBACK"))
    let text = try Launch.program(["extract", "vmcoreinfo", real.path], in: scratch).run().text
    #expect(text.hasPrefix("OSRELEASE=6.1.0-56-amd64\n"))
    #expect(sizeOfFile(scratch.path("vmcore"), orNothing: 0) > 300 << 20)
  }

  @Test("are verified by what their moment allows", arguments: RealCase.all.map(\.name))
  func verify(_ name: String) throws {
    let real = try #require(RealCase.all.first { $0.name == name })
    let answer =
      if name == "x86_64-no-kdump" || name.hasPrefix("arm64") {
        "not applicable"
      } else if name == "riscv64-kexec_load-before" {
        // kexec-tools loads no purgatory there: the second kernel is entered directly.
        "not found"
      } else if name.hasSuffix("-before") || name == "s390x-alive" {
        "matches"
      } else {
        "gone"
      }
    let scratch = try TemporaryDirectory()
    let finished = try Launch.program(["verify", real.path], in: scratch).run(limit: 120)
    #expect(finished.status == 0)
    #expect(finished.text.contains("purgatory: \(answer)"), "\(name)")
    #expect(finished.text.contains("vmcoreinfo: agrees"), "\(name)")
  }

  private func sizeOfFile(_ path: String, orNothing size: UInt64) -> UInt64 {
    var status = stat()
    return stat(path, &status) == 0 ? UInt64(status.st_size) : size
  }
}
