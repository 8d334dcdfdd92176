import Foundation
import TestSupport
import Testing

@Suite("A dump with a page that cannot be unpacked")
struct DamagedDumpTests {
  /// Sixteen pages, of which one is damaged.
  private static var dump: [UInt8] {
    var model = KdumpFileModel()
    model.info = Array("OSRELEASE=6.1.0\nPAGESIZE=4096\nCRASHTIME=1700000000\n".utf8)
    model.notes = RecipeNote(name: "VMCOREINFO", type: 0, content: model.info).encoded(.little)
    for frame in 1..<17 {
      model.pages[frame] = .zlib([UInt8](repeating: UInt8(frame), count: 4096))
    }
    model.pages[5] = .packed(flags: 1, [0x78, 1, 2, 3])
    return model.bytes
  }

  private static let warning =
    "vmcoregen: warning: image.bin: 1 page is damaged, at 0x5000: it reads as zeros\n"

  private func expect(
    _ line: String, status: Int32, errors: String, in scratch: TemporaryDirectory
  ) throws {
    try scratch.file(Self.dump)
    let finished = try Launch.shell(line, in: scratch).run()
    #expect(finished.status == status, "\(line): \(finished.errors)")
    #expect(finished.errors.contains(errors), "\(line): \(finished.errors)")
  }

  @Test(
    "is written with a warning at the end, in every form",
    arguments: [
      "-o out image.bin", "image.bin > out", "image.bin | cat > out", "-z -o out image.bin",
      "-z --flatten image.bin > out", "--gzip -o out image.bin", "--flatten -o out image.bin",
      "--digest -o out image.bin",
    ])
  func write(_ arguments: String) throws {
    let scratch = try TemporaryDirectory()
    let line = arguments.contains("|") ? "set -o pipefail; " : ""
    try expect(
      "bash -c '\(line)vmcoregen \(arguments)'", status: 1, errors: Self.warning, in: scratch)
    #expect(try scratch.bytes(of: "out").count > 100)
  }

  @Test("is refused by --strict, which writes nothing", arguments: ["-o out", "-z -o out"])
  func strict(_ arguments: String) throws {
    let scratch = try TemporaryDirectory()
    try expect(
      "vmcoregen --strict \(arguments) image.bin", status: 65,
      errors: "1 page is damaged, at 0x5000",
      in: scratch)
    #expect(scratch.names == ["image.bin"])
  }

  @Test("is shown to a command, whose status stays its own", arguments: ["", "--memfd"])
  func exec(_ option: String) throws {
    let scratch = try TemporaryDirectory()
    try expect(
      "vmcoregen exec \(option) image.bin -- cat {} > out", status: 0, errors: Self.warning,
      in: scratch)
  }

  @Test("can be mounted", .enabled(if: MountPoint.isPossible, "/dev/fuse is not there"))
  func mount() throws {
    let point = try MountPoint()
    try point.scratch.file(Self.dump)
    let running = try Launch.program(
      ["mount", "--foreground", "image.bin", "m"], in: point.scratch
    ).start()
    #expect(eventually { point.isMounted })
    #expect(try point.run("cat m/vmcore > out").status == 0)
    #expect(try point.scratch.bytes(of: "out").count > 16 * 4096)
    #expect(try point.run("umount m || fusermount3 -u m").status == 0)
    let finished = try running.wait(limit: 60)
    #expect(finished.status == 1)
    #expect(finished.errors.contains(Self.warning))
  }
}
