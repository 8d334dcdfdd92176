import Foundation
import TestSupport
import Testing

@Suite("exec")
struct ExecTests {
  private let scratch: TemporaryDirectory

  init() throws {
    scratch = try TemporaryDirectory()
    try scratch.add("readme")
    _ = try Launch.shell("mkdir tmp && vmcoregen -o vmcore image.bin", in: scratch).run()
  }

  /// Runs a line of the shell; temporary things go to a directory of the test's.
  private func run(_ line: String) throws -> Finished {
    var launch = Launch.shell(line, in: scratch)
    launch.environment["TMPDIR"] = scratch.path("tmp")
    return try launch.run()
  }

  private func expectNothingLeft() throws {
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path("tmp")).isEmpty)
    let mounts = try String(contentsOfFile: "/proc/mounts", encoding: .utf8)
    #expect(!mounts.contains(scratch.path))
  }

  @Test("shows the command the vmcore, and leaves nothing behind", arguments: ["", "--memfd"])
  func equal(_ option: String) throws {
    let finished = try run("vmcoregen exec -q \(option) image.bin -- cmp {} vmcore")
    #expect(finished.status == 0, "\(finished.errors)")
    #expect(finished.errors.isEmpty)
    try expectNothingLeft()
  }

  @Test(
    "shows it though its directory is renamed and another one put in its place",
    .enabled(if: MountPoint.isPossible, "/dev/fuse is not there"))
  func renamed() throws {
    let script = """
      for made in tmp/vmcoregen.*; do mv $made tmp/moved; done
      mkdir -p $made/mount && echo other > $made/mount/vmcore
      cmp $1 vmcore && cat $made/mount/vmcore
      """
    let finished = try run("vmcoregen exec -q image.bin -- sh -c '\(script)' sh {}")
    #expect(finished.status == 0, "\(finished.errors)")
    #expect(finished.text == "other\n")
    let mounts = try String(contentsOfFile: "/proc/mounts", encoding: .utf8)
    #expect(!mounts.contains(scratch.path))
    #expect(try run("cat tmp/vmcoregen.*/mount/vmcore; ls -A tmp/moved").text == "other\n")
  }

  @Test("replaces every {} in every argument, and nothing else")
  func placeholders() throws {
    let finished = try run("vmcoregen exec -q --memfd image.bin -- echo a{}b{} { } {x} {} {")
    let path = try #require(finished.text.split(separator: " ").dropLast().last)
    #expect(finished.text == "a\(path)b\(path) { } {x} \(path) {\n")
  }

  @Test("is a usage error without {} or without a command")
  func usage() throws {
    let without = try run("vmcoregen exec image.bin -- ls")
    #expect(without.status == 64)
    #expect(without.errors.contains("the command has no {}"))
    let nothing = try run("vmcoregen exec image.bin")
    #expect(nothing.status == 64)
    #expect(nothing.errors.contains("no command"))
  }

  @Test("ends with the command's status", arguments: [0, 1, 7, 255])
  func status(_ status: Int32) throws {
    #expect(try run("vmcoregen exec -q image.bin -- sh -c 'exit \(status)' {}").status == status)
    try expectNothingLeft()
  }

  @Test("ends by the signal that ended the command", arguments: [SIGKILL, SIGTERM, SIGSEGV])
  func killed(_ signal: Int32) throws {
    let line = "exec vmcoregen exec -q image.bin -- sh -c 'kill -\(signal) $$' {}"
    #expect(try run(line).status == 128 + signal)
    try expectNothingLeft()
  }

  @Test("ends with 127 where there is no such command, with 126 where it is no program")
  func notFound() throws {
    let missing = try run("vmcoregen exec -q image.bin -- ./none {}")
    #expect(missing.status == 127)
    #expect(missing.errors == "vmcoregen: ./none: cannot be started: No such file or directory\n")
    #expect(try run("vmcoregen exec -q image.bin -- ./image.bin {}").status == 126)
    try expectNothingLeft()
  }

  @Test("passes signals on to the command", arguments: [SIGINT, SIGTERM, SIGHUP, SIGUSR1])
  func signals(_ number: Int32) throws {
    let script = "trap 'exit 42' \(number); echo > ready; while :; do sleep 0.05; done"
    var launch = Launch.program(
      ["exec", "-q", "image.bin", "--", "sh", "-c", script, "{}"], in: scratch)
    launch.environment["TMPDIR"] = scratch.path("tmp")
    let running = try launch.start()
    #expect(eventually { scratch.names.contains("ready") })
    running.send(number)
    #expect(try running.wait().status == 42)
    try expectNothingLeft()
  }

  @Test("lets a limit on the size of files end the command as usual")
  func sizeLimit() throws {
    let line = "ulimit -f 8; vmcoregen exec -q image.bin -- sh -c 'head -c 99999 {} > big'"
    #expect(try run(line).status == 128 + SIGXFSZ)
    try expectNothingLeft()
  }

  @Test("killed, lets the command run on with a file that is gone", arguments: ["", "--memfd"])
  func killedItself(_ option: String) throws {
    let script = """
      echo > ready
      while head -c 4096 {} > head 2> why && cmp -s -n 4096 head vmcore; do sleep 0.02; done
      mv why end
      """
    let arguments = ["exec", "-q"] + option.split(separator: " ").map(String.init)
    var launch = Launch.program(
      arguments + ["image.bin", "--", "sh", "-c", script, "{}"], in: scratch)
    launch.environment["TMPDIR"] = scratch.path("tmp")
    let running = try launch.start()
    #expect(eventually { scratch.names.contains("ready") })
    running.send(SIGKILL)
    #expect(try running.wait().status == 128 + SIGKILL)
    #expect(eventually { scratch.names.contains("end") })
    #expect(try scratch.bytes(of: "end").isEmpty == false)
    // The empty directory is left, and for other users than root the mount that is dead.
    let free =
      "for each in tmp/*/mount tmp/*; do fusermount3 -u -q \"$each\"; rmdir \"$each\"; done; rmdir tmp"
    #expect(eventually { (try? run(free))?.status == 0 })
    let mounts = try String(contentsOfFile: "/proc/mounts", encoding: .utf8)
    #expect(!mounts.contains(scratch.path))
  }

  @Test("lets the command use a pipe and standard input as usual")
  func pipes() throws {
    let finished = try run(
      "echo input | vmcoregen exec -q image.bin -- sh -c 'cat; head -c 4 {}' {} | tail -c 5")
    #expect(finished.text.hasSuffix("ELF"))
  }

  @Test(
    "writes a file in TMPDIR where there is no FUSE, says so, and leaves nothing",
    .enabled(if: Self.canUnshare, "unshare cannot make a mount namespace here"))
  func withoutFUSE() throws {
    let line =
      "mount --bind /dev/null /dev/fuse && vmcoregen exec image.bin -- sh -c 'cmp {} vmcore && exit 9'"
    let finished = try run("unshare -rm sh -c \"\(line)\"")
    #expect(finished.status == 9, "\(finished.errors)")
    #expect(finished.errors.contains("warning: no FUSE"))
    #expect(finished.errors.contains("a temporary file"))
    try expectNothingLeft()
  }

  private static let canUnshare: Bool = {
    guard let scratch = try? TemporaryDirectory(),
      let finished = try? Launch.shell(
        "unshare -rm mount --bind /dev/null /dev/fuse", in: scratch
      ).run()
    else { return OutsideTool.isRequired }
    return OutsideTool.isRequired || finished.status == 0
  }()
}
