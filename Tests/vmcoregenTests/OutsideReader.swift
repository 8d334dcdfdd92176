import Foundation
import TestConditions
import TestSupport
import Testing

/// A program of others that opens what we write.
struct OutsideReader: Sendable, CustomTestStringConvertible {
  let name: String
  /// The program, or the module of Python, that must be there.
  let needs: String
  /// A line for the shell; the vmcore is `$vmcore`.
  let line: String
  /// What it must say.
  let says: String
  /// Whether it also understands dumps that recipes make, which hold no kernel.
  var opensRecipes = true

  var testDescription: String { name }

  static let all: [OutsideReader] = [
    OutsideReader(
      name: "readelf", needs: "readelf", line: "readelf -ln $vmcore", says: "VMCOREINFO"),
    OutsideReader(
      name: "eu-readelf", needs: "eu-readelf", line: "eu-readelf -ln $vmcore", says: "VMCOREINFO"),
    OutsideReader(
      name: "crash", needs: "crash", line: "crash --osrelease $vmcore", says: "6.",
      opensRecipes: true),
    OutsideReader(
      name: "gdb", needs: "gdb", line: "gdb -nx -batch -core $vmcore -ex 'info registers rip'",
      says: "rip "),
    OutsideReader(
      name: "drgn", needs: "drgn", line: "echo 'print(prog.platform)' > d && drgn -q -c $vmcore d",
      says: "Architecture.X86_64"),
    OutsideReader(
      name: "libkdumpfile", needs: "python3:kdumpfile",
      line: """
        $python -c "import sys, kdumpfile
        dump = kdumpfile.kdumpfile(sys.argv[1])
        print(dump.attr['arch.name'], dump.attr['linux.uts.release'])" $vmcore
        """, says: "x86_64 6."),
    OutsideReader(
      name: "makedumpfile", needs: "makedumpfile",
      line: "makedumpfile -c -d 31 $vmcore out && test -s out", says: "makedumpfile Completed",
      opensRecipes: false),
    OutsideReader(
      name: "makedumpfile --dump-dmesg", needs: "makedumpfile",
      line: "makedumpfile --dump-dmesg $vmcore log > /dev/null && cat log",
      says: "Linux version 6.",
      opensRecipes: false),
    OutsideReader(
      name: "crash on the compressed dump", needs: "makedumpfile",
      line: "makedumpfile -c -d 31 $vmcore out > /dev/null && crash --osrelease out", says: "6.",
      opensRecipes: false),
  ]

  /// Runs it on a vmcore; says so where it is absent.
  func judge(_ vmcore: String, in scratch: TemporaryDirectory) throws {
    var line = line.replacingOccurrences(of: "$vmcore", with: "'\(vmcore)'")
    if needs.hasPrefix("python3:") {
      guard let python = try OutsideTool.python(with: String(needs.dropFirst("python3:".count)))
      else { return try OutsideTool.absent(name) }
      line = line.replacingOccurrences(of: "$python", with: python.path)
    } else if OutsideTool(needs) == nil {
      return try OutsideTool.absent(name)
    }
    let finished = try Launch.shell(line, in: scratch).run(limit: 600)
    #expect(
      finished.status == 0, "\(name): \(finished.text.suffix(500)) \(finished.errors.suffix(500))")
    #expect((finished.text + finished.errors).contains(says), "\(name): \(finished.text)")
  }
}
