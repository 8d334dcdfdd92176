import Foundation
import TestSupport
import Testing

@Suite(
  "A page of the image that cannot be read",
  .enabled(if: Shim.compiler != nil || OutsideTool.isRequired, "no C compiler is there"))
struct UnreadablePageTests {
  private let scratch: TemporaryDirectory
  /// The vmcore, which is the image of most tests.
  private let whole: [UInt8]
  /// Pages in the middle of it, and two neighbours at its end.
  private let bad: [Range<Int>]
  private let expected: [UInt8]

  init() throws {
    scratch = try TemporaryDirectory()
    try DenseImage.addSmall(to: scratch)
    try Shim.build(in: scratch)
    let finished = try Launch.shell("vmcoregen -q -o whole image.bin && rm image.bin", in: scratch)
      .run()
    #expect(finished.status == 0)
    whole = try scratch.bytes(of: "whole")
    let last = whole.count / 4096 * 4096
    bad = [0x28000..<0x29000, 0x40000..<0x42000, last - 0x40000..<last - 0x3f000]
    var expected = whole
    for range in bad { for place in range { expected[place] = 0 } }
    self.expected = expected
  }

  private func run(_ line: String) throws -> Finished {
    try Launch.shell(line, in: scratch).run()
  }

  private var shim: String { Shim.with(bad: bad, of: "whole") }

  private static let warning =
    "warning: whole: 4 pages of 4096 bytes cannot be read (Bad address), at "

  @Test(
    "reads as zeros in an ELF vmcore, with a warning and status 1",
    arguments: [
      "whole -o out", "-j 1 whole -o out", "--no-sparse whole -o out", "whole > out",
      "whole | cat > out", "--flatten whole | vmcoregen -q --unflatten - out",
      "--gzip whole | gzip -dc > out", "--digest -o out whole",
    ])
  func elf(_ arguments: String) throws {
    let finished = try run("bash -c 'set -o pipefail; \(shim) vmcoregen \(arguments)'")
    #expect(finished.status == 1, "\(finished.errors)")
    #expect(finished.errors.contains(Self.warning), "\(finished.errors)")
    #expect(
      finished.errors.contains("[0x28000, 0x29000), [0x40000, 0x42000) of the file"),
      "\(finished.errors)")
    #expect(try scratch.bytes(of: "out") == expected)
  }

  @Test("is zeros for scripts that want status 0 of whatever can be opened")
  func lenient() throws {
    let finished = try run("\(shim) vmcoregen --status=lenient whole out")
    #expect(finished.status == 0)
    #expect(finished.errors.contains(Self.warning))
    #expect(try scratch.bytes(of: "out") == expected)
  }

  @Test(
    "is left out of a kdump-compressed file, which says that it is incomplete",
    arguments: [
      "-z -o out", "-z -j 1 -o out", "-z0 -o out", "-z --no-sparse -o out",
      "-z --flatten -o flat && vmcoregen -q --unflatten flat out",
      "-z | vmcoregen -q --unflatten - out", "-z | makedumpfile -R out > log",
      "-z --keep-partial -o out",
    ])
  func kdump(_ arguments: String) throws {
    let parts = arguments.split(separator: "|", maxSplits: 1)
    let first = parts[0].replacingOccurrences(of: "&&", with: "; test $? = 1 &&")
    let line = "\(shim) vmcoregen whole \(first)" + (parts.count > 1 ? "|\(parts[1])" : "")
    let finished = try run(line)
    #expect(finished.errors.contains(Self.warning), "\(finished.errors)")
    let model = try #require(KdumpModel(try scratch.bytes(of: "out")))
    let all = try run("vmcoregen -q -z -o all whole")
    #expect(all.status == 0)
    let complete = try #require(KdumpModel(try scratch.bytes(of: "all")))
    #expect(complete.pages.count - model.pages.count == 4)
    for (frame, page) in model.pages { #expect(complete.pages[frame] == page) }
    let back = try run("vmcoregen out -o back")
    #expect(back.status == 1)
    #expect(back.errors.contains("marked as incomplete"))
    #expect(!back.errors.contains("damaged"))
  }

  @Test("is left out of every file of a split set", arguments: ["-o", "into"])
  func split(_ form: String) throws {
    let names = form == "-o" ? "--split-size 200K -o out" : "--split-into out.1 --split-into out.2"
    #expect(try run("\(shim) vmcoregen -q -z \(names) whole").status == 1)
    let parts = scratch.names.filter { $0.hasPrefix("out.") }
    let others = parts.dropFirst().map { "--part \($0)" }.joined(separator: " ")
    let back = try run("vmcoregen \(others) \(parts[0]) -o back")
    #expect(back.status == 1)
    #expect(back.errors.contains("marked as incomplete"))
    #expect(!back.errors.contains("damaged"))
    #expect(try run("vmcoregen -q -z whole -o all; vmcoregen -q all -o same").status == 0)
    let same = try scratch.bytes(of: "same")
    let read = try scratch.bytes(of: "back")
    #expect(read.count == same.count)
    #expect(zip(read, same).allSatisfy { $0 == $1 || $0 == 0 })
  }

  @Test("is an error where damage is to be one, and nothing is left", arguments: ["", "-z"])
  func strict(_ form: String) throws {
    let finished = try run("\(shim) vmcoregen --strict \(form) whole -o out")
    #expect(finished.status == 74)
    #expect(finished.errors.contains("whole: offset 0x"))
    #expect(finished.errors.contains("Bad address"))
    #expect(!scratch.names.contains("out"))
  }

  @Test("of memory as it is costs nothing else")
  func raw() throws {
    try DenseImage.addSmall(to: scratch)
    let shim = Shim.with(bad: [0x110000..<0x111000])
    let finished = try run("\(shim) vmcoregen image.bin -o out")
    #expect(finished.status == 1)
    #expect(
      finished.errors.contains("image.bin: 1 page of 4096 bytes cannot be read (Bad address)"))
    let read = try scratch.bytes(of: "out")
    #expect(zip(read, whole).filter { $0 != $1 }.count > 4000)
    #expect(zip(read, whole).allSatisfy { $0 == $1 || $0 == 0 })
  }

  @Test("that holds the beginning of all is an error in words")
  func first() throws {
    let finished = try run("\(Shim.with(bad: [0..<1 << 30], of: "whole")) vmcoregen whole -o out")
    #expect([65, 66, 74].contains(finished.status))
    #expect(finished.errors.contains("whole: "))
    #expect(finished.errors.contains("cannot be read"))
    #expect(!scratch.names.contains("out"))
  }

  @Test("is shown by exec and unflattened with the same warning")
  func others() throws {
    let shown = try run("\(shim) vmcoregen exec --memfd whole -- cat {} > out")
    #expect(shown.status == 0)
    #expect(shown.errors.contains(Self.warning))
    #expect(try scratch.bytes(of: "out") == expected)
    #expect(try run("vmcoregen -q --flatten whole > flat").status == 0)
    let shim = Shim.with(bad: [0x28000..<0x29000], of: "flat")
    let finished = try run("\(shim) vmcoregen --unflatten flat put")
    #expect(finished.status == 1)
    #expect(finished.errors.contains("flat: 1 page of 4096 bytes cannot be read"))
  }
}

@Suite(
  "An output that a reboot may follow",
  .enabled(if: Shim.compiler != nil || OutsideTool.isRequired, "no C compiler is there"))
struct DurableOutputTests {
  @Test(
    "is on its disk before it has its name, and the name before the run ends",
    arguments: [
      ("--status=lenient --force -o out", 1), ("--sync --force -o out", 1),
      ("--sync -z --force --digest -o out", 2),
      ("--sync -z --force --split-into out --split-into more", 2), ("--force -o out", 0),
    ])
  func order(_ arguments: String, files: Int) throws {
    let scratch = try TemporaryDirectory()
    try DenseImage.addSmall(to: scratch)
    try Shim.build(in: scratch)
    let line = "\(Shim.with(bad: [], calls: "calls")) vmcoregen \(arguments) image.bin"
    #expect(try Launch.shell(line, in: scratch).run().status == 0)
    let calls = String(decoding: try scratch.bytes(of: "calls"), as: UTF8.self)
      .split(separator: "\n").map(String.init)
    let renames = Array(repeating: "rename", count: max(1, files))
    let synced = Array(repeating: "fsync file", count: files)
    #expect(calls == synced + renames + (files > 0 ? ["fsync directory"] : []))
  }
}
