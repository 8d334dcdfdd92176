import Foundation
import TestSupport
import Testing

@Suite("A consumer that takes some bytes and leaves ends the run quietly by SIGPIPE")
struct ConsumerTests {
  private let scratch: TemporaryDirectory

  /// Every form that goes into a stream.
  private static let forms = [
    "", "--flatten", "--gzip", "-z", "-z --flatten", "--digest", "--gzip --digest",
  ]

  init() throws {
    scratch = try TemporaryDirectory()
    try DenseImage.addLarge(to: scratch)
  }

  private func arguments(_ form: String, _ jobs: Int) -> [String] {
    ["-q", "-j", "\(jobs)"] + form.split(separator: " ").map(String.init) + ["image.bin"]
  }

  /// Takes some bytes, waits until the program waits for its reader, and leaves.
  private func leave(_ reader: SlowReader, _ running: RunningProgram) throws -> Finished {
    reader.started()
    #expect(reader.read(100).count == 100)
    usleep(100_000)
    reader.stop()
    let start = Date()
    let finished = try running.wait()
    // Not a second later: nothing polls for it.
    #expect(Date().timeIntervalSince(start) < 5)
    return finished
  }

  private func expectQuietEnd(_ finished: Finished) {
    #expect(finished.status == 128 + SIGPIPE)
    #expect(finished.errors.isEmpty)
  }

  @Test("as a pipe", arguments: forms, [1, 4])
  func pipe(_ form: String, _ jobs: Int) throws {
    let reader = try SlowReader(in: scratch)
    var launch = Launch.program(arguments(form, jobs), in: scratch)
    launch.output = reader.writeEnd
    expectQuietEnd(try leave(reader, launch.start()))
  }

  @Test("as a socket that is reset while a write waits", arguments: ["", "--flatten"], [1, 4])
  func resetSocket(_ form: String, _ jobs: Int) throws {
    // Pieces of this one fill the socket's buffer, so that the next one is not begun.
    try scratch.add("readme")
    try socket(form, jobs)
  }

  @Test("as a socket", arguments: forms, [1, 4])
  func socket(_ form: String, _ jobs: Int) throws {
    let reader = try SlowReader()
    var launch = Launch.program(arguments(form, jobs), in: scratch)
    launch.output = reader.writeEnd
    expectQuietEnd(try leave(reader, launch.start()))
  }

  @Test("as a named pipe, without a digest of what was not written", arguments: forms)
  func namedPipe(_ form: String) throws {
    let reader = try SlowReader(ofPipeAt: scratch.path("fifo"))
    let launch = Launch.program(arguments(form, 2) + ["-o", "fifo"], in: scratch)
    expectQuietEnd(try leave(reader, launch.start()))
    #expect(scratch.names == ["fifo", "image.bin"])
  }

  @Test("as a socket of the parts that are extracted", arguments: ["info", "extract notes"])
  func parts(_ command: String) throws {
    let reader = try SlowReader()
    var launch = Launch.shell("sleep 0.2; exec vmcoregen \(command) image.bin", in: scratch)
    launch.output = reader.writeEnd
    let running = try launch.start()
    reader.started()
    reader.stop()
    expectQuietEnd(try running.wait())
  }
}
