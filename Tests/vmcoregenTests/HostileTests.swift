import Foundation
import TestSupport
import Testing

@Suite("Hostile images")
struct HostileTests {
  @Test("truncated at any length neither crash nor hang the program")
  func everyTruncation() throws {
    let scratch = try TemporaryDirectory()
    let size = try scratch.add("tiny").fileSize
    let path = scratch.path("image.bin")
    var found: [UInt64] = []
    for length in stride(from: size, through: 0, by: -1) {
      truncate(path, off_t(length))
      let probe = Probe(imageAt: path)
      #expect(probe.seconds < Probe.limit, "at length \(length)")
      if probe.outcome == "header at 0x1000@0x800" {
        found.append(length)
      } else {
        #expect(probe.outcome == "unusable", "at length \(length)")
      }
    }
    // Down to where the header ends, which is named, and nowhere below.
    let end: UInt64 = 0x800 + 64 + 4 * 56
    #expect(found.min() == end)
    #expect(found.count == Int(size - end) + 1)
  }

  @Test(
    "mutated 10,000 times neither crash nor hang the program", .timeLimit(.minutes(10)),
    arguments: [
      ("tiny", "x86_64", 3000), ("tiny", "i386", 2000), ("tiny", "ppc64", 2000),
      ("x86_64-kernel-after", "x86_64", 1500), ("arm64", "arm64", 1500),
    ])
  func mutations(_ recipe: String, _ architecture: String, _ count: Int) throws {
    let scratch = try TemporaryDirectory()
    // What only fills memory takes time and decides nothing.
    let lines = try Checkout.text(of: "testdata/recipes/\(recipe).recipe").split(separator: "\n")
    let text =
      ["arch \(architecture)"] + lines.filter { !$0.hasPrefix("arch ") && !$0.hasPrefix("fill ") }
    let image = try ImageBuilder.build(parsing: text.joined(separator: "\n"))
    try image.write(to: scratch.path("image.bin"))
    let start = Checkout.environment["VMCOREGEN_SEED"].flatMap(UInt64.init) ?? 1
    let mutator = try Mutator(image, path: scratch.path("image.bin"))
    for seed in start..<start + UInt64(count) {
      let mutation = mutator.mutate(seed: seed)
      let probe = Probe(imageAt: mutator.path)
      #expect(probe.seconds < Probe.limit, "\(recipe), \(architecture), seed \(seed): \(mutation)")
      mutator.restore()
    }
    #expect(Probe(imageAt: mutator.path).outcome.hasPrefix("header at"))
  }

  @Test("that are a tebibyte of holes behind an s390x kernel take no longer than small ones")
  func holes() throws {
    let scratch = try TemporaryDirectory()
    let signature = [UInt8](repeating: 0, count: 0x10008) + Array("S390EP\0\u{1}".utf8)
    try scratch.file(signature, named: "image.bin")
    try #require(truncate(scratch.path("image.bin"), 1 << 40) == 0)
    let probe = Probe(imageAt: scratch.path("image.bin"))
    #expect(probe.outcome == "unusable")
    #expect(probe.seconds < Probe.limit)
  }

  @Test("whose loads are together more than a file can hold are refused before anything is written")
  func beyondAnyFile() throws {
    let scratch = try TemporaryDirectory()
    try scratch.file(HostileImage.loadsBeyondAnyFile.bytes, named: "image.bin")
    for output in ["-o vmcore", "> vmcore", "--flatten > vmcore"] {
      let finished = try Launch.shell(
        "vmcoregen -q --input-format=raw image.bin \(output)", in: scratch
      ).run()
      #expect(finished.status == 65)
      #expect(finished.errors.contains("expected at most 9223372036854775807"))
    }
  }

  @Test("whose loads are vast take no longer to flatten than others, for holes are passed over")
  func vastHoles() throws {
    let scratch = try TemporaryDirectory()
    try scratch.file(HostileImage.vastBackup.bytes, named: "image.bin")
    let finished = try Launch.shell(
      "vmcoregen -q --input-format=raw --flatten image.bin > flat", in: scratch
    )
    .run()
    #expect(finished.status == 1)
    #expect(finished.processorSeconds < 10)
  }

  @Test(
    "full of look-alikes take neither long nor much memory", arguments: HostileImage.allCases)
  func lookAlikes(_ image: HostileImage) throws {
    let scratch = try TemporaryDirectory()
    try scratch.file(image.bytes, named: "image.bin")
    let reader = try SlowReader(in: scratch)
    for command in [
      ["info", "--candidates"], image == .tinyNotes ? ["extract", "notes"] : ["-q"],
    ] {
      var launch = Launch.program(command + ["--input-format=raw", "image.bin"], in: scratch)
      // A vmcore of many or vast loads has no end: a part of it must do.
      if command == ["-q"] { launch.output = reader.writeEnd }
      let running = try launch.start()
      if command == ["-q"] {
        reader.started()
        _ = reader.read(1 << 20)
        reader.stop()
      }
      let finished = try running.wait(limit: 100)
      #expect(
        [0, 1, 65, 128 + SIGPIPE].contains(finished.status), "\(finished.errors.prefix(1000))")
      // An optimised program takes about a second at most; the debug one that is tested more.
      #expect(finished.processorSeconds < 10)
      #expect(finished.peakKiB < 96 << 10)
      if Checkout.environment["VMCOREGEN_PRINT_FIGURES"] == "1" {
        print(image, command[0], finished.status, finished.processorSeconds, finished.peakKiB)
      }
    }
  }
}
