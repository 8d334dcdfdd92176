import Foundation
import TestConditions
import TestSupport
import Testing

@Suite("When something goes wrong")
struct FaultTests {
  private let scratch: TemporaryDirectory

  init() throws {
    scratch = try TemporaryDirectory()
  }

  @Test("a full file system ends in status 74, says how far it got, and leaves nothing behind")
  func fullFileSystem() throws {
    try LargeImage.add(to: scratch, size: 64 << 20)
    // A limit on the size of files stands for it: any user can set one.
    let finished = try Launch.shell(
      "ulimit -f 16384; exec vmcoregen -q --no-sparse -o vmcore image.bin", in: scratch
    ).run()
    #expect(finished.status == 74)
    #expect(
      finished.errors.contains(/vmcoregen: vmcore: File too large, at [0-9]+ of [0-9]+ bytes/))
    #expect(scratch.names == ["image.bin"])
  }

  @Test("a full tmpfs ends in status 74 and leaves nothing behind")
  func fullTemporaryFileSystem() throws {
    try LargeImage.add(to: scratch, size: 64 << 20)
    try FileManager.default.createDirectory(
      atPath: scratch.path("small"), withIntermediateDirectories: false)
    let line = """
      mount -t tmpfs -o size=1m none small 2> /dev/null || exit 99
      vmcoregen -q --no-sparse -o small/vmcore image.bin; status=$?
      ls -A small; umount small; exit $status
      """
    let finished = try Launch.shell(line, in: scratch).run()
    // Only root can mount; the limit of the test above says the same.
    guard finished.status != 99 else { return try OutsideTool.absent("a mount, as root,") }
    #expect(finished.status == 74)
    #expect(
      finished.errors.contains(
        /vmcoregen: small\/vmcore: No space left on device, at [0-9]+ of [0-9]+ bytes/))
    #expect(finished.text.isEmpty)
  }

  @Test("a redirected file that cannot grow is emptied, so that nobody takes it for a vmcore")
  func redirectedFile() throws {
    try LargeImage.add(to: scratch, size: 64 << 20)
    let finished = try Launch.shell(
      "ulimit -f 16384; vmcoregen -q --no-sparse image.bin > vmcore", in: scratch
    ).run()
    #expect(finished.status == 74)
    #expect(finished.errors.contains("standard output: File too large"))
    #expect(try scratch.bytes(of: "vmcore").isEmpty)
  }

  @Test("a device without room ends in status 74 and says how far it got")
  func fullDevice() throws {
    try scratch.add("readme")
    let finished = try Launch.shell("vmcoregen image.bin > /dev/full", in: scratch).run()
    #expect(finished.status == 74)
    #expect(
      finished.errors
        == "vmcoregen: standard output: No space left on device, after 0 of 471040 bytes\n")
  }

  @Test("closed descriptors harm no output", arguments: ["", ">&-", "2>&-", "<&- >&- 2>&-"])
  func closedDescriptors(_ redirections: String) throws {
    try scratch.add("readme")
    let line = "vmcoregen -v --progress=json -o vmcore image.bin \(redirections)"
    let finished = try Launch.shell(line, in: scratch).run()
    #expect(finished.status == 0)
    #expect(try scratch.bytes(of: "vmcore") == RecipeFiles.image("readme").expectedVMCore())
  }

  @Test("a closed standard output is an error, not the image")
  func closedOutput() throws {
    try scratch.add("readme")
    let finished = try Launch.shell("vmcoregen image.bin >&-", in: scratch).run()
    #expect(finished.status == 74)
    #expect(finished.errors.contains("standard output: Bad file descriptor"))
  }

  @Test(
    "a reader that closes the pipe ends the run quietly by SIGPIPE",
    arguments: [[], ["extract", "notes"], ["info"], ["info", "--json"]])
  func closedPipe(_ command: [String]) throws {
    try LargeImage.add(to: scratch, size: 64 << 20)
    let reader = try SlowReader(in: scratch)
    var launch = Launch.program(command + ["image.bin"], in: scratch)
    launch.output = reader.writeEnd
    if !command.isEmpty { reader.stop() }
    let running = try launch.start()
    reader.started()
    if command.isEmpty { #expect(reader.read(1) == [0x7f]) }
    reader.stop()
    let finished = try running.wait()
    #expect(finished.status == 128 + SIGPIPE)
    #expect(finished.errors.isEmpty)
  }

  @Test("an image that shrinks while it is read ends in status 74", arguments: [true, false])
  func shrinkingImage(isSparse: Bool) throws {
    let image = try LargeImage.add(to: scratch, size: 64 << 20)
    if !isSparse { try scratch.file(image.fileBytes(), named: "image.bin") }
    let reader = try SlowReader(in: scratch)
    var launch = Launch.program(["image.bin"], in: scratch)
    launch.output = reader.writeEnd
    let running = try launch.start()
    reader.started()
    #expect(!reader.read(1).isEmpty)
    truncate(scratch.path("image.bin"), 32 << 20)
    #expect(reader.readAll() < 40 << 20)
    let finished = try running.wait()
    #expect(finished.status == 74)
    #expect(finished.errors.contains("image.bin: "))
    #expect(finished.errors.contains("it shrank while it was read"))
  }

  @Test("a split set can have more files than a process may have open by default")
  func manyFiles() throws {
    let recipe = LargeImage.recipe(size: 64 << 20) + "\nfill 0x2000000-0x2600000 random 3\n"
    try ImageBuilder.build(parsing: recipe).write(to: scratch.path("image.bin"))
    let finished = try Launch.shell(
      "ulimit -S -n 24; vmcoregen -q -z0 -o set --split-size 200K image.bin; ls set.* | wc -l",
      in: scratch
    ).run()
    #expect(finished.errors.isEmpty)
    #expect(Int(finished.text.filter(\.isNumber)).map { $0 > 30 } == true)
  }
}
