import Foundation
import TestConditions
import TestSupport
import Testing

/// A real crash with what is written of it, `v.elf` and `v.kdump`, in a directory that goes when
/// nobody needs it any more.
struct RealOutput {
  let real: RealCase
  let scratch: TemporaryDirectory

  init(_ name: String, hasKdump: Bool = true) throws {
    real = try #require(RealCase.all.first { $0.name == name })
    scratch = try TemporaryDirectory()
    try succeed("vmcoregen -q -o v.elf $image")
    if hasKdump { try succeed("vmcoregen -q -z -o v.kdump $image") }
  }

  /// Runs a line of the shell; the image is `$image`.
  @discardableResult
  func run(_ line: String) throws -> Finished {
    let line = line.replacingOccurrences(of: "$image", with: "'\(real.path)'")
    return try Launch.shell(line, in: scratch).run(limit: 600)
  }

  /// Runs a line that must end with status 0.
  @discardableResult
  func succeed(
    _ line: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Finished {
    let finished = try run(line)
    #expect(
      finished.status == 0,
      "\(real.name): \(line): \(finished.text.suffix(500)) \(finished.errors.suffix(500))",
      sourceLocation: sourceLocation)
    return finished
  }

  /// Lets a program of `testdata/judges` compare a dump with `v.elf`.
  func judge(_ judge: String, needs module: String, _ dump: String) throws {
    guard let python = try OutsideTool.python(with: module) else {
      return try OutsideTool.absent("the module \(module) of Python")
    }
    try succeed("vmcoregen extract vmcoreinfo v.elf > info")
    let program = "\(Checkout.root)/testdata/judges/\(judge).py"
    let finished = try succeed("\(python.path) -B '\(program)' v.elf \(dump) info \(real.machine)")
    #expect(finished.text.hasSuffix(" are equal\n"))
  }
}
