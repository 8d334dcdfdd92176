import Foundation
import TestSupport
import Testing

/// A directory `m` of a test's own to mount on; it is freed with this value.
final class MountPoint {
  let scratch: TemporaryDirectory

  /// Whether FUSE is there, or has to be.
  static var isPossible: Bool {
    OutsideTool.isRequired || access("/dev/fuse", R_OK | W_OK) == 0
  }

  init() throws {
    scratch = try TemporaryDirectory()
    try FileManager.default.createDirectory(
      atPath: scratch.path("m"), withIntermediateDirectories: false)
  }

  deinit {
    if isMounted { _ = try? run("umount -l m || fusermount3 -u -z m") }
  }

  /// Runs a line of the shell.
  func run(_ line: String) throws -> Finished {
    try Launch.shell(line, in: scratch).run()
  }

  /// Whether it, or another directory of the test's, is mounted on.
  var isMounted: Bool {
    (try? String(contentsOfFile: "/proc/mounts", encoding: .utf8))?.contains(scratch.path) ?? false
  }

  /// Starts `mount --foreground` and waits until the files are there.
  func foreground() throws -> RunningProgram {
    let running = try Launch.program(
      ["mount", "-q", "--foreground", "image.bin", "m"], in: scratch
    )
    .start()
    #expect(eventually { FileManager.default.fileExists(atPath: scratch.path("m/vmcore")) })
    #expect(isMounted)
    return running
  }

  /// Whether fusermount3 still works for it.
  private var hasHelper: Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.contains { name in
      let line = try? String(contentsOfFile: "/proc/\(name)/cmdline", encoding: .utf8)
      return line.map { $0.contains("fusermount3") && $0.contains(scratch.path) } ?? false
    }
  }

  /// Frees the directory as the manual says, where the program was killed.
  func freeAfterKill() throws {
    // fusermount3 may go on to mount what nobody serves any more, before it sees that.
    #expect(eventually { !hasHelper })
    for _ in 0..<50 where isMounted { usleep(20_000) }
    // fusermount3 did it for root; others have to.
    if isMounted { #expect(try run("fusermount3 -u m").status == 0) }
    #expect(!isMounted)
  }
}

/// Waits for something that another process does.
func eventually(_ condition: () -> Bool) -> Bool {
  for _ in 0..<500 {
    if condition() { return true }
    usleep(20_000)
  }
  return false
}
