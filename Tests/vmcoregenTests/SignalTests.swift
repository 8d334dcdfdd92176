import Foundation
import TestSupport
import Testing

@Suite("Signals")
struct SignalTests {
  private let scratch: TemporaryDirectory

  init() throws {
    scratch = try TemporaryDirectory()
    // What stores next to nothing is not written with a gigabyte of zeros.
    try LargeImage.add(to: scratch, size: 1 << 30, stored: 4 << 20)
  }

  /// Starts a run into a file and stops it as soon as the temporary name is there.
  private func stoppedRun(_ output: String) throws -> RunningProgram {
    let running = try Launch.program(
      ["-q", "--no-sparse", "-o", output, "image.bin"], in: scratch
    ).start()
    let start = Date()
    while !scratch.names.contains(where: { $0.hasSuffix(".partial") }) {
      if Date().timeIntervalSince(start) > 10 { throw LaunchError("nothing was written") }
      usleep(200)
    }
    running.send(SIGSTOP)
    return running
  }

  @Test(
    "end a run into a file at once: by that signal, with neither the file nor its temporary",
    arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
  func intoFile(_ signal: Int32) throws {
    let running = try stoppedRun("vmcore")
    running.send(signal)
    running.send(SIGCONT)
    let finished = try running.wait()
    #expect(finished.status == 128 + signal)
    #expect(finished.errors.contains("vmcore: interrupted after"))
    #expect(scratch.names == ["image.bin"])
  }

  @Test("SIGKILL leaves at most the temporary name")
  func kill() throws {
    let running = try stoppedRun("vmcore")
    running.send(SIGKILL)
    #expect(try running.wait().status == 128 + SIGKILL)
    let left = scratch.names.filter { $0 != "image.bin" }
    #expect(left.count <= 1)
    #expect(left.allSatisfy { $0.hasPrefix(".vmcore.") && $0.hasSuffix(".partial") })
  }

  @Test(
    "end a run into a pipe that nobody reads, in whatever form and by whichever thread",
    arguments: [
      ("-j2", SIGINT), ("-j2", SIGTERM), ("--flatten", SIGINT), ("--gzip=0", SIGTERM),
      ("-z0", SIGINT), ("--digest", SIGHUP),
    ])
  func intoPipe(_ form: String, _ signal: Int32) throws {
    let reader = try SlowReader(in: scratch)
    let option = form == "-j2" ? [form] : [form, "-j2"]
    var launch = Launch.program(["-q"] + option + ["image.bin"], in: scratch)
    launch.output = reader.writeEnd
    let running = try launch.start()
    reader.started()
    #expect(!reader.read(1).isEmpty)
    running.send(signal)
    let finished = try running.wait()
    #expect(finished.status == 128 + signal)
    #expect(
      finished.errors.contains(/standard output: interrupted after [0-9]+ (of [0-9]+ )?bytes/))
  }

  @Test("end what prints to a pipe that nobody reads", arguments: [SIGINT, SIGTERM])
  func intoFullPipe(_ signal: Int32) throws {
    let reader = try SlowReader(in: scratch)
    reader.fill()
    var launch = Launch.program(["info", "image.bin"], in: scratch)
    launch.output = reader.writeEnd
    let running = try launch.start()
    reader.started()
    sleep(2)
    running.send(signal)
    let finished = try running.wait(limit: 60)
    #expect(finished.status == 128 + signal)
    #expect(finished.errors.contains("standard output: interrupted"))
  }

  @Test("that were ignored at the start stay ignored, as under nohup")
  func ignored() throws {
    let reader = try SlowReader(in: scratch)
    var launch = Launch.shell("trap '' HUP; exec vmcoregen -q image.bin", in: scratch)
    launch.output = reader.writeEnd
    let running = try launch.start()
    reader.started()
    #expect(!reader.read(1).isEmpty)
    running.send(SIGHUP)
    #expect(reader.readAll() > 1 << 29)
    #expect(try running.wait().status == 0)
  }
}
