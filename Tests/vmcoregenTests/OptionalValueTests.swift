import ArgumentParser
import Testing
import VMCore

@testable import vmcoregen

@Suite("Options whose value may be left out")
struct OptionalValueTests {
  @Test(
    "A value that is left out is filled in, one that is given stays",
    arguments: [
      (["-z", "image.bin"], ["-z1", "image.bin"]), (["-z6", "image.bin"], ["-z6", "image.bin"]),
      (["--compress", "a"], ["--compress=1", "a"]), (["--gzip=9", "a"], ["--gzip=9", "a"]),
      (["--gzip", "a"], ["--gzip=1", "a"]), (["--digest", "a"], ["--digest=sha256", "a"]),
      (["a", "--", "-z"], ["a", "--", "-z"]),
    ])
  func filled(_ arguments: [String], _ expected: [String]) {
    #expect(OptionalValues.filled(in: arguments) == expected)
  }

  @Test(
    "What contradicts itself is a usage error",
    arguments: [
      ["-z1", "--format=elf"], ["-z1", "--gzip=1"], ["--gzip=1", "--flatten"], ["--split-size=1G"],
      ["-z1", "--flatten", "--split-size=1G"], ["-z10"], ["-zx"], ["--digest=md5"],
    ])
  func contradictions(_ arguments: [String]) {
    #expect(throws: (any Error).self) { try OutputArguments.parse(arguments) }
  }

  @Test(
    "The form of the output follows from the options",
    arguments: [
      ([], "elf", false), (["-z3"], "kdump", false), (["-z3", "--flatten"], "kdump", true),
      (["--format=kdump"], "kdump", false), (["--flatten"], "elf", true),
      (["--format=kdump-flattened"], "kdump", true),
    ] as [([String], String, Bool)])
  func forms(_ arguments: [String], _ format: String, _ isFlattened: Bool) throws {
    let options = try OutputArguments.parse(arguments).options
    #expect(options.format.rawValue == format)
    #expect(options.isFlattened == isFlattened)
  }
}
