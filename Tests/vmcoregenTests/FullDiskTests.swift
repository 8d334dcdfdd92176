import Foundation
import TestSupport
import Testing

@Suite("A disk that gets full")
struct FullDiskTests {
  private let scratch: TemporaryDirectory

  /// Every form that one file can have.
  private static let forms = [
    "", "--no-sparse", "--flatten", "--gzip", "-z", "-z --flatten", "--digest", "-z --digest",
  ]

  init() throws {
    scratch = try TemporaryDirectory()
    try DenseImage.addSmall(to: scratch)
  }

  private func run(_ line: String) throws -> Finished {
    try Launch.shell(line, in: scratch).run()
  }

  /// Bytes of one unit of `ulimit -f`, which shells do not agree on.
  private static let unit: Int = {
    guard let scratch = try? TemporaryDirectory() else { return 512 }
    let line = "(ulimit -f 1; head -c 4096 /dev/zero > probe); cat probe"
    return (try? Launch.shell(line, in: scratch).run())?.output.count ?? 512
  }()

  /// A limit on the size of files stands for a full disk: any user can set one.
  static func limit(_ bytes: Int) -> String { "ulimit -f \(bytes / unit)" }

  /// What the run says: the output's name, and how far it got.
  private func place(
    in finished: Finished, reason: String, comment: Comment
  ) throws -> (name: String, offset: Int) {
    let form = try Regex(
      "^vmcoregen: (.*): \(reason), (?:at offset|at|after) ([0-9]+)(?: of [0-9]+)?(?: bytes)?\n$",
      as: (Substring, Substring, Substring).self)
    let match = try #require(finished.errors.wholeMatch(of: form), "\(finished.errors)\(comment)")
    return (String(match.1), try #require(Int(match.2)))
  }

  /// Writes to a tmpfs of a size that gets full, and expects nothing left in it; returns the name
  /// that the error has.
  private func fill(_ size: String, _ options: String, comment: Comment) throws -> String {
    let finished = try PrivateMounts.run(
      "mount -t tmpfs -o size=\(size) none small || exit 99; "
        + "vmcoregen -q \(options) -o small/vmcore image.bin; status=$?; "
        + "ls -A small; exit $status", in: scratch)
    #expect(finished.status == 74, comment)
    #expect(finished.text.isEmpty, comment)
    return try place(in: finished, reason: "No space left on device", comment: comment).name
  }

  /// Runs a line with a limit at each multiple of 64 KiB below the size of what it writes.
  private func atEveryLimit(
    _ options: String, _ target: String, check: (Finished, Int, Comment) throws -> Void
  ) throws {
    #expect(try run("mkdir whole; vmcoregen -q \(options) image.bin -o whole/vmcore").status == 0)
    let size = try scratch.bytes(of: "whole/vmcore").count
    try FileManager.default.removeItem(atPath: scratch.path("whole"))
    #expect(size > 4 << 16)
    for limit in stride(from: 1 << 16, to: size, by: 1 << 16) {
      let jobs = 1 + (limit >> 16) % 2
      let line = "\(Self.limit(limit)); vmcoregen -q -j \(jobs) \(options) image.bin \(target)"
      let comment: Comment = "limit \(limit) of \(size), -j \(jobs)"
      let finished = try run(line)
      #expect(finished.status == 74, comment)
      try check(finished, limit, comment)
    }
  }

  @Test("at every 64 KiB ends the run in words with status 74, without a file", arguments: forms)
  func named(_ options: String) throws {
    try atEveryLimit(options, "-o vmcore") { finished, limit, comment in
      let place = try place(in: finished, reason: "File too large", comment: comment)
      #expect(place.name == "vmcore", comment)
      #expect(place.offset >= limit, comment)
      #expect(scratch.names == ["image.bin"], comment)
    }
  }

  @Test("at every 64 KiB empties a redirected file", arguments: forms)
  func redirected(_ options: String) throws {
    try atEveryLimit(options, "> vmcore") { finished, limit, comment in
      let place = try place(in: finished, reason: "File too large", comment: comment)
      #expect(place.name == "standard output", comment)
      #expect(place.offset >= limit, comment)
      #expect(try scratch.bytes(of: "vmcore").isEmpty, comment)
      #expect(scratch.names == ["image.bin", "vmcore"], comment)
    }
  }

  @Test("empties a file that was appended to from its start", arguments: ["", "--gzip", "-z"])
  func appended(_ options: String) throws {
    let finished = try run("\(Self.limit(1 << 16)); vmcoregen -q \(options) image.bin >> vmcore")
    #expect(finished.status == 74)
    let place = try place(in: finished, reason: "File too large", comment: ">>")
    #expect(place.name == "standard output")
    #expect(place.offset == 1 << 16)
    #expect(try scratch.bytes(of: "vmcore").isEmpty)
  }

  @Test("lets the next program write to the start of what was emptied", arguments: forms)
  func next(_ options: String) throws {
    let line = "(ulimit -f \((1 << 16) / Self.unit); vmcoregen -q \(options) image.bin; echo next)"
    #expect(try run("\(line) > vmcore").errors.contains("File too large"))
    #expect(try scratch.bytes(of: "vmcore") == Array("next\n".utf8))
  }

  @Test("leaves no file of a split set", arguments: ["", "--digest"])
  func split(_ options: String) throws {
    for (limit, jobs) in [(64 << 10, 1), (128 << 10, 2)] {
      let finished = try run(
        "\(Self.limit(limit)); "
          + "vmcoregen -q -j \(jobs) -z --split-size 192K \(options) -o vmcore image.bin")
      #expect(finished.status == 74)
      let place = try place(in: finished, reason: "File too large", comment: "limit \(limit)")
      #expect(place.name == "vmcore.1")
      #expect(place.offset >= limit)
      #expect(scratch.names == ["image.bin"])
    }
    // The second file is where it ends here.
    let name = try fill("256k", "-z --split-size 192K \(options)", comment: "tmpfs")
    #expect(name == "small/vmcore.2")
  }

  @Test("of a small tmpfs leaves it empty", arguments: forms)
  func tmpfs(_ options: String) throws {
    for (size, jobs) in [(64, 1), (192, 2)] {
      let name = try fill("\(size)k", "-j \(jobs) \(options)", comment: "\(size) KiB")
      #expect(name == "small/vmcore")
    }
  }

  @Test("with room for the vmcore but not for its digest leaves neither")
  func digest() throws {
    #expect(try run("vmcoregen -q -o vmcore image.bin").status == 0)
    let room = (try scratch.bytes(of: "vmcore").count + 4095) / 4096 * 4096
    let name = try fill("\(room)", "--no-sparse --digest", comment: "digest")
    #expect(name == "small/vmcore.sha256")
  }

  @Test("as a device ends the run in status 74, in words", arguments: forms)
  func device(_ options: String) throws {
    let finished = try run("vmcoregen -q \(options) image.bin > /dev/full")
    #expect(finished.status == 74)
    let place = try place(in: finished, reason: "No space left on device", comment: "/dev/full")
    #expect(place.name == "standard output")
    #expect(place.offset == 0)
    #expect(scratch.names == ["image.bin"])
  }
}
