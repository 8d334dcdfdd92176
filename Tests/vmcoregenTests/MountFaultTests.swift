import Foundation
import TestSupport
import Testing

@Suite(
  "A mount in which something goes wrong", .serialized,
  .enabled(if: MountPoint.isPossible, "/dev/fuse is not there"))
struct MountFaultTests {
  private let point: MountPoint
  private var scratch: TemporaryDirectory { point.scratch }

  init() throws {
    point = try MountPoint()
    try DenseImage.addLarge(to: scratch)
  }

  /// Reads the vmcore over and over, without the page cache, until that fails.
  private func reader(_ number: Int) throws -> RunningProgram {
    let line = """
      while dd if=m/vmcore of=/dev/null bs=\(64 * (1 + number))k iflag=direct 2> log.\(number)
      do :; done
      """
    return try Launch.shell(line, in: scratch).start()
  }

  @Test("is free, or fusermount3 -u frees it, after SIGKILL while it is read", arguments: 1...6)
  func killed(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let server = try point.foreground()
    let readers = try (0..<3).map { try reader($0) }
    usleep(UInt32.random(in: 0...150_000, using: &generator))
    server.send(SIGKILL)
    #expect(try server.wait().status == 128 + SIGKILL)
    // None of them waits for an answer that does not come.
    for reader in readers { #expect(try reader.wait().status == 0) }
    try point.freeAfterKill()
    let removed = try point.run("rmdir m")
    #expect(removed.status == 0, "\(removed.errors)")
  }

  @Test("is not waited for by a server that is killed just after it has mounted it")
  func killedAtTheStart() throws {
    var generator = SeededGenerator(seed: 1)
    for round in 0..<20 {
      let server = try Launch.program(
        ["mount", "-q", "--foreground", "image.bin", "m"], in: scratch
      ).start()
      while server.isRunning, !point.isMounted {}
      usleep(UInt32.random(in: 0...3000, using: &generator))
      server.send(SIGKILL)
      let hasEnded = eventually { !server.isRunning }
      #expect(hasEnded, "round \(round)")
      // A process that waits for its own answer cannot be killed; this ends its connection.
      if !hasEnded { _ = try point.run("umount -f m") }
      _ = try server.wait()
      try point.freeAfterKill()
    }
  }

  @Test(
    "unmounted by somebody else, does not take away what is mounted below",
    .enabled(if: geteuid() == 0, "only root may mount here"))
  func mountedBelow() throws {
    let line = """
      mount -t tmpfs none small && touch small/below
      vmcoregen mount -q --foreground image.bin small > log & server=$!
      for count in $(seq 500); do test -e small/vmcore && break; sleep 0.02; done
      ls small/vmcore && umount small && wait $server && ls small/below
      """
    let finished = try PrivateMounts.run(line, in: scratch)
    #expect(finished.text == "small/vmcore\nsmall/below\n", "\(finished.errors)")
  }

  @Test("goes on where its readers are killed in the middle of their requests")
  func killedReaders() throws {
    _ = try point.run("vmcoregen -q -o vmcore image.bin")
    let server = try point.foreground()
    var generator = SeededGenerator(seed: 9)
    let lines = (0..<40).map { number in
      let seconds = Double.random(in: 0.001...0.03, using: &generator)
      let dd = "dd if=m/vmcore of=/dev/null bs=16M iflag=direct"
      return "timeout -s KILL \(seconds) \(dd) 2> log &" + (number % 8 == 7 ? " wait" : "")
    }
    _ = try point.run(lines.joined(separator: "\n"))
    #expect(try point.run("cmp m/vmcore vmcore").status == 0)
    #expect(server.errors.isEmpty)
    server.send(SIGTERM)
    #expect(try server.wait().status == 0)
  }

  @Test("tells the first of many reads that fail, and that there are more")
  func manyFailures() throws {
    let server = try point.foreground()
    truncate(scratch.path("image.bin"), 0x20_0000)
    let line = "for n in $(seq 40); do cat m/vmcore > copy; done 2> log; grep -c Input log"
    #expect(try point.run(line).text == "40\n")
    #expect(eventually { server.errors.contains("further reads that fail are not told") })
    #expect(server.errors.matches(of: /it shrank while it was read/).count <= 16)
    server.send(SIGTERM)
    #expect(try server.wait().status == 0)
  }

  @Test("gives EIO and a message where the image is cut off, and shows the rest on")
  func truncatedImage() throws {
    let server = try point.foreground()
    truncate(scratch.path("image.bin"), 0x20_0000)
    let failed = try point.run("cat m/vmcore > copy")
    #expect(failed.status != 0)
    #expect(failed.errors.contains("Input/output error"))
    #expect(
      server.errors.contains(
        /vmcoregen: image.bin: offset 0x[0-9a-f]+: .*it shrank while it was read\n/))
    let rest = try point.run("head -c 4096 m/vmcore && cat m/vmcoreinfo m/info.json > text")
    #expect(rest.status == 0)
    #expect(rest.output.count == 4096)
    server.send(SIGTERM)
    #expect(try server.wait().status == 0)
  }

  @Test("shows eight threads at random offsets the bytes of the files", arguments: [0, O_DIRECT])
  func randomReads(_ flag: Int32) throws {
    #expect(try point.run("vmcoregen -q -o vmcore image.bin").status == 0)
    var server = try point.foreground()
    #expect(try point.run("cp m/vmcore.flat vmcore.flat").status == 0)
    server.send(SIGTERM)
    #expect(try server.wait().status == 0)
    // A mount whose pages nobody has read yet.
    server = try point.foreground()
    for name in ["vmcore", "vmcore.flat"] {
      let bytes = try scratch.bytes(of: name)
      let reads = RandomReads(path: scratch.path("m/\(name)"), flag: flag, bytes: bytes)
      #expect(reads.differences(threads: 8, seed: UInt64(flag) + 1) == [], "\(name)")
    }
    server.send(SIGTERM)
    #expect(try server.wait().status == 0)
  }
}
