import Foundation
import TestSupport
import Testing

@Suite(
  "mount", .serialized,
  .enabled(if: MountPoint.isPossible, "/dev/fuse is not there"))
struct MountTests {
  private let point: MountPoint
  private var scratch: TemporaryDirectory { point.scratch }
  private var isMounted: Bool { point.isMounted }

  init() throws {
    point = try MountPoint()
    try scratch.add("readme")
    _ = try run("vmcoregen -q -o vmcore image.bin")
  }

  private func run(_ line: String) throws -> Finished { try point.run(line) }

  private func foreground() throws -> RunningProgram { try point.foreground() }

  @Test("returns when the files are there, which are those of the other commands")
  func background() throws {
    let mounted = try run("vmcoregen mount -q image.bin m")
    #expect(mounted.status == 0)
    #expect(mounted.text.isEmpty && mounted.errors.isEmpty)
    let files = try run("ls m; cd m; stat -c '%a %n' . *")
    #expect(files.text.hasPrefix("info.json\nvmcore\nvmcore.flat\nvmcoreinfo\n"))
    #expect(
      files.text.hasSuffix("500 .\n400 info.json\n400 vmcore\n400 vmcore.flat\n400 vmcoreinfo\n"))
    #expect(try run("cmp m/vmcore vmcore").status == 0)
    #expect(try run("vmcoregen extract vmcoreinfo image.bin | cmp - m/vmcoreinfo").status == 0)
    #expect(try run("vmcoregen info --json image.bin | cmp - m/info.json").status == 0)
    #expect(try run("umount m || fusermount3 -u m").status == 0)
    #expect(eventually { !isMounted })
  }

  @Test("reads an image on standard input also in the background", arguments: ["<", "cat"])
  func standardInput(_ how: String) throws {
    let line = "vmcoregen mount -q - m"
    let mounted = try run(how == "<" ? "\(line) < image.bin" : "cat image.bin | \(line)")
    #expect(mounted.status == 0)
    #expect(try run("cmp m/vmcore vmcore").status == 0)
  }

  @Test("shows the re-IPL block of an s390x machine, but not that of its last IPL")
  func reIPLBlock() throws {
    try scratch.add("s390x-before", as: "s390x.bin")
    let shown = try run("vmcoregen mount -q s390x.bin m && ls m")
    #expect(shown.text == "info.json\nreipl\nvmcore\nvmcore.flat\nvmcoreinfo\n")
    #expect(try run("vmcoregen extract reipl s390x.bin | cmp - m/reipl").status == 0)
    #expect(try run("umount m || fusermount3 -u m").status == 0)
    try scratch.add("s390x-running", as: "running.bin")
    let hidden = try run("vmcoregen mount -q running.bin m; ls m")
    #expect(hidden.text == "info.json\nvmcore\nvmcore.flat\nvmcoreinfo\n")
  }

  @Test("shows the kernel's log where it can be read")
  func log() throws {
    try scratch.add("log-ring", as: "log.bin")
    let shown = try run("vmcoregen mount -q log.bin m && ls m")
    #expect(shown.text == "dmesg.txt\ninfo.json\nvmcore\nvmcore.flat\nvmcoreinfo\n")
    #expect(try run("vmcoregen dmesg log.bin | cmp - m/dmesg.txt").status == 0)
  }

  @Test(
    "shows a flattened file that makedumpfile turns back into the vmcore",
    .enabled(
      if: OutsideTool.isRequired || OutsideTool("makedumpfile") != nil,
      "makedumpfile is not installed"))
  func flattened() throws {
    _ = try foreground()
    let finished = try run("makedumpfile -R out < m/vmcore.flat && cmp out vmcore")
    #expect(finished.status == 0, "\(finished.errors)")
  }

  @Test("ends cleanly by a signal", arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT])
  func signals(_ signal: Int32) throws {
    let running = try foreground()
    running.send(signal)
    #expect(try running.wait().status == 0)
    #expect(!isMounted)
    #expect(try run("rmdir m").status == 0)
  }

  @Test("ends by itself when somebody unmounts the directory")
  func unmounted() throws {
    let running = try foreground()
    #expect(try run("umount m || fusermount3 -u m").status == 0)
    #expect(try running.wait().status == 0)
  }

  @Test("killed at any time, leaves a directory that is free or that fusermount3 frees")
  func killed() throws {
    for delay in [0, 1000, 3000, 10_000, 30_000, 100_000, 200_000] as [UInt32] {
      let running = try Launch.program(
        ["mount", "-q", "--foreground", "image.bin", "m"], in: scratch
      ).start()
      usleep(delay)
      running.send(SIGKILL)
      #expect(try running.wait().status == 128 + SIGKILL)
      try point.freeAfterKill()
    }
    #expect(try run("rmdir m").status == 0)
  }

  @Test("says what is wrong and ends with that status, in the background too")
  func failures() throws {
    let nowhere = try run("vmcoregen mount -q image.bin nowhere")
    #expect(nowhere.status == 73)
    #expect(
      nowhere.errors
        == "vmcoregen: nowhere: No such file or directory, expected a directory to mount on\n")
    #expect(try run("vmcoregen mount -q missing m").status == 66)
    #expect(try run("vmcoregen mount -q image.bin").status == 64)
  }

  @Test("takes the only name as the directory where segments give the memory")
  func segments() throws {
    let finished = try run("vmcoregen mount -q --segment image.bin@0 m && cmp m/vmcore vmcore")
    #expect(finished.status == 0, "\(finished.errors)")
  }
}
