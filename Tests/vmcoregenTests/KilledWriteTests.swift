import Foundation
import TestSupport
import Testing

@Suite("A run that is ended at a random time")
struct KilledWriteTests {
  private let scratch: TemporaryDirectory

  /// Forms that differ in how they get their names.
  private static let forms = [
    "--no-sparse", "--digest", "-z", "-z --split-size 1M --digest",
  ]

  init() throws {
    scratch = try TemporaryDirectory()
    try DenseImage.addLarge(to: scratch)
  }

  /// The files of an undisturbed run, and how long that took.
  private func whole(_ form: String) throws -> (files: [String: [UInt8]], seconds: Double) {
    let line = "mkdir whole; vmcoregen -q \(form) -o whole/vmcore image.bin"
    let finished = try Launch.shell(line, in: scratch).run()
    #expect(finished.status == 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path("whole"))
    let files = try names.map { ($0, try scratch.bytes(of: "whole/\($0)")) }
    try FileManager.default.removeItem(atPath: scratch.path("whole"))
    return (Dictionary(uniqueKeysWithValues: files), finished.seconds)
  }

  /// Runs it and sends a signal after a random time, some times over.
  private func end(
    _ form: String, by signals: [Int32], check: (Finished, Left, Comment) -> Void
  ) throws {
    let (files, seconds) = try whole(form)
    var generator = SeededGenerator(seed: UInt64(form.utf8.count))
    for signal in signals {
      let delay = Double.random(in: 0...1.1 * seconds, using: &generator)
      let arguments = ["-q"] + form.split(separator: " ").map(String.init)
      let running = try Launch.program(arguments + ["-o", "vmcore", "image.bin"], in: scratch)
        .start()
      usleep(UInt32(delay * 1e6))
      running.send(signal)
      let finished = try running.wait()
      var left = Left(all: files.keys.sorted())
      for name in scratch.names where name != "image.bin" {
        left.names.append(name)
        if try scratch.bytes(of: name) == files[name] { left.whole.append(name) }
        try FileManager.default.removeItem(atPath: scratch.path(name))
      }
      #expect([0, 128 + signal].contains(finished.status))
      check(finished, left, "signal \(signal) after \(delay) of \(seconds) s")
    }
  }

  /// What a run left behind.
  private struct Left {
    /// The names of an undisturbed run.
    var all: [String]
    var names: [String] = []
    /// Those of the names whose files are equal to those of an undisturbed run.
    var whole: [String] = []
  }

  @Test("by SIGKILL, has under its names only what is whole", arguments: forms)
  func kill(_ form: String) throws {
    try end(form, by: Array(repeating: SIGKILL, count: 6)) { _, left, comment in
      let temporary = left.names.filter { $0.hasPrefix(".vmcore.") && $0.hasSuffix(".partial") }
      #expect(left.names.sorted() == (temporary + left.whole).sorted(), comment)
    }
  }

  @Test("by SIGTERM or SIGINT, leaves nothing or has done all", arguments: forms)
  func end(_ form: String) throws {
    let signals = (0..<6).map { $0 % 2 == 0 ? SIGTERM : SIGINT }
    try end(form, by: signals) { finished, left, comment in
      #expect(left.names == left.whole, comment)
      #expect(left.whole == (finished.status == 0 ? left.all : []), comment)
    }
  }
}
