import Foundation
import TestSupport
import Testing

@Suite("Golden outputs")
struct GoldenTests {
  /// The recipes whose goldens are kept: every architecture's twist, every locator, every damage.
  static let recipes = [
    "ambiguous", "arm64", "arm64-broken-text", "arm64-unnamed", "backup-tail-before", "copies",
    "damaged-note", "i386-elf32", "kexec-twice", "log-records", "log-ring", "log-text", "mips64",
    "offline-cpu", "overlapping-header",
    "ppc64le",
    "q35-hole", "readme", "running", "s390x-6.12", "s390x-6.12-os-info-missing", "s390x-after",
    "s390x-before", "s390x-boot-cpu", "s390x-boot-cpu-without-prefix", "s390x-cpu-without-prefix",
    "s390x-early", "s390x-novx", "s390x-os-info-checksum", "s390x-os-info-magic",
    "s390x-os-info-misaligned", "s390x-os-info-missing-after", "s390x-os-info-missing-before",
    "s390x-running", "s390x-vmcoreinfo-entry", "s390x-vmcoreinfo-os-info", "s390x-zipl-kdump",
    "stale-tree-after", "truncated",
    "x86_64-kexec-tools-before", "x86_64-kernel-after",
  ]

  /// The extension tells which printer makes the golden.
  static let printers: [(extension: String, arguments: [String])] = [
    ("info", []), ("candidates", ["--candidates"]), ("json", ["--json"]),
  ]

  @Test(
    "info prints what is kept in testdata/goldens (VMCOREGEN_UPDATE_GOLDENS=1 rewrites them)",
    arguments: recipes)
  func info(_ recipe: String) throws {
    let scratch = try TemporaryDirectory()
    try scratch.add(recipe, as: "\(recipe).bin")
    for printer in Self.printers {
      let arguments = ["info"] + printer.arguments + ["\(recipe).bin"]
      let finished = try Launch.program(arguments, in: scratch).run()
      let found = finished.output.isEmpty ? finished.errors : finished.text
      try compare(found, with: "testdata/goldens/\(recipe).\(printer.extension)")
    }
  }

  @Test("every golden file has a recipe and a printer")
  func everyGoldenIsCompared() throws {
    let files = try FileManager.default.contentsOfDirectory(
      atPath: Checkout.root + "/testdata/goldens")
    let known = Self.recipes.flatMap { recipe in
      Self.printers.map { "\(recipe).\($0.extension)" }
    }
    #expect(Set(files) == Set(known))
  }

  private func compare(_ found: String, with path: String) throws {
    if Checkout.environment["VMCOREGEN_UPDATE_GOLDENS"] == "1" {
      try found.write(toFile: Checkout.root + "/" + path, atomically: true, encoding: .utf8)
    }
    let lines = found.split(separator: "\n", omittingEmptySubsequences: false)
    let golden = try Checkout.text(of: path)
      .split(separator: "\n", omittingEmptySubsequences: false)
    let difference = zip(lines, golden).first { $0 != $1 }
    #expect(
      lines == golden,
      "\(path): found '\(difference?.0 ?? "more or fewer lines")', kept '\(difference?.1 ?? "")'")
  }
}
