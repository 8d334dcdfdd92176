import Foundation
import TestSupport
import Testing

@Suite("Hostile images")
struct HostileTests {
  @Test("truncated at any length neither crash nor hang the program")
  func everyTruncation() throws {
    let scratch = try ScratchDirectory()
    let size = try scratch.add("tiny").fileSize
    let path = scratch.file("image.bin")
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
    // Up to where vmcoreinfo says what it is, and nowhere below.
    #expect(found.min() == 0xc00 + 24 + UInt64("OSRELEASE=".count))
    #expect(found.count == Int(size - 0xc00 - 24 - 10) + 1)
  }

  @Test(
    "mutated 10,000 times neither crash nor hang the program", .timeLimit(.minutes(1)),
    arguments: [
      ("tiny", 5000), ("x86_64-kernel-after", 1500), ("arm64", 1500), ("ppc64le", 1000),
      ("i386-elf32", 1000),
    ])
  func mutations(_ recipe: String, _ count: Int) throws {
    let scratch = try ScratchDirectory()
    let image = try scratch.add(recipe)
    let start = Checkout.environment["VMCOREGEN_SEED"].flatMap(UInt64.init) ?? 1
    let mutator = try Mutator(image, path: scratch.file("image.bin"))
    for seed in start..<start + UInt64(count) {
      let mutation = mutator.mutate(seed: seed)
      let probe = Probe(imageAt: mutator.path)
      #expect(probe.seconds < Probe.limit, "\(recipe), seed \(seed): \(mutation)")
      mutator.restore()
    }
    #expect(Probe(imageAt: mutator.path).outcome.hasPrefix("header at"))
  }

  @Test(
    "full of look-alikes take neither long nor much memory", arguments: HostileImage.allCases)
  func lookAlikes(_ image: HostileImage) throws {
    let scratch = try ScratchDirectory()
    try scratch.write(image.bytes, to: "image.bin")
    for command in [["info", "--candidates", "image.bin"], ["-q", "-o", "vmcore", "image.bin"]] {
      let finished = try Launch.program(command, in: scratch).run(limit: 30)
      #expect([0, 1, 65].contains(finished.status), "\(finished.errors.prefix(1000))")
      #expect(finished.output.count + finished.errors.utf8.count < 4 << 20)
      // An optimised program takes under a second; the debug one that is tested may take more.
      #expect(finished.seconds < 15)
      #expect(finished.peakKiB < 96 << 10)
      if Checkout.environment["VMCOREGEN_PRINT_FIGURES"] == "1" {
        print(image.rawValue, command[0], finished.status, finished.seconds, finished.peakKiB)
      }
    }
  }
}
