import Foundation
import TestConditions
import TestSupport
import Testing

/// `RealSelectionTests` judge which pages are left out; here programs of others read what is left.
@Suite("Filtered real crashes", .enabled(if: RealCase.isAvailable, "\(RealCase.absence)"))
struct RealFilterTests {
  /// One of each machine, and a header whose second kernel moved memory.
  static let names = [
    "x86_64-kexec_load", "s390x-ccw", "arm64-kexec_file_load", "ppc64le-kexec_load",
  ]

  @Test("are not changed by the same filter again, in any form", arguments: names)
  func again(_ name: String) throws {
    let output = try RealOutput(name, hasKdump: false)
    try output.succeed("vmcoregen -q -d 31 -o a.elf $image")
    try output.succeed("vmcoregen -q -d 31 a.elf | cmp - a.elf")
    try output.succeed("vmcoregen -q -d 31 -z -o a.kdump $image")
    try output.succeed("vmcoregen -q -d 31 -z -o b.kdump a.kdump && cmp a.kdump b.kdump")
    try output.succeed("vmcoregen -q -d 31 --gzip $image | zcat | cmp - a.elf")
    try output.succeed("vmcoregen -q -d 31 -j 1 $image | cmp - a.elf")
    try output.succeed("vmcoregen exec -q -d 31 $image -- cmp {} a.elf")
  }

  @Test("lose what either filter leaves out where they were filtered before", arguments: names)
  func union(_ name: String) throws {
    let output = try RealOutput(name, hasKdump: false)
    try output.succeed("vmcoregen -q -d 16 -z -o free.kdump $image")
    try output.succeed("vmcoregen -q -d 15 -z -o a.kdump free.kdump")
    try output.succeed("vmcoregen -q -d 31 -z -o b.kdump $image && cmp a.kdump b.kdump")
  }

  @Test("are refused where a vmcore lacks the struct pages that the image has")
  func lacking() throws {
    let output = try RealOutput("riscv64-kexec_load", hasKdump: false)
    try output.succeed("vmcoregen -q -d 31 -o a.elf $image")
    let refused = try output.run("vmcoregen -q -d 31 -o b.elf v.elf")
    #expect(refused.status == 65)
    #expect(refused.errors.contains("the kernel's struct pages cannot be read"))
    try output.succeed(
      "vmcoregen -q -d 31 --filter=best-effort --status=lenient v.elf | cmp - v.elf")
  }

  @Test("hold what makedumpfile's hold", arguments: names.filter { $0.hasPrefix("x86") })
  func makedumpfile(_ name: String) throws {
    guard OutsideTool("makedumpfile") != nil else {
      return try OutsideTool.absent("makedumpfile")
    }
    let output = try RealOutput(name, hasKdump: false)
    try output.succeed("makedumpfile -E -d 31 v.elf theirs && vmcoregen -q -d 31 -o a.elf $image")
    try output.succeed("cmp theirs a.elf && rm theirs a.elf")
    try output.succeed("makedumpfile -c -d 31 v.elf theirs && vmcoregen -q -d 31 -z -o a $image")
    try output.succeed("vmcoregen -q -o theirs.elf theirs && vmcoregen -q a | cmp - theirs.elf")
    try output.succeed("makedumpfile --dump-dmesg v.elf log && makedumpfile --dump-dmesg a a.log")
    try output.succeed(
      "cmp log a.log && test \"$(crash --osrelease a | tail -1)\" = 6.1.0-56-amd64")
  }

  @Test(
    "are opened by libkdumpfile and drgn, and hold what is left of the vmcore", arguments: names)
  func readers(_ name: String) throws {
    let output = try RealOutput(name, hasKdump: false)
    for option in ["-z", "--format=elf"] {
      try output.succeed("vmcoregen -q -d 31 \(option) --force -o dump $image")
      try output.judge("filtered", needs: "drgn", "dump")
    }
  }

  @Test("tell how many pages of each kind there are", arguments: names)
  func pages(_ name: String) throws {
    let output = try RealOutput(name, hasKdump: false)
    let text = try output.succeed("vmcoregen info --pages $image").text
    let dry = try output.succeed("vmcoregen -q -d 31 --dry-run $image").text
    func number(_ pattern: String, _ text: String) throws -> Int {
      let line = try #require(text.split(separator: "\n").first { $0.contains(pattern) })
      let words = line.dropFirst(pattern.count).split { !$0.isNumber }
      return try #require(words.first.flatMap { Int($0) })
    }
    for kind in ["free", "cache", "private", "user"] {
      #expect(try number("  \(kind) ", text) == number("  \(kind) ", dry), "\(kind)")
    }
    let size = try number("size ", dry)
    try output.succeed("test $(vmcoregen -q -d 31 $image | wc -c) = \(size)")
  }
}
