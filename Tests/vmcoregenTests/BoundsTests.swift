import Foundation
import TestConditions
import TestSupport
import Testing

@Suite("Bounds")
struct BoundsTests {
  /// Far more than is used (the figures are in BENCHMARKS.md), far less than any image.
  private static let memoryLimit = 64 << 10

  @Test("an 8 GiB image takes little memory, to a device and to a file")
  func memory() throws {
    let scratch = try TemporaryDirectory()
    try LargeImage.add(to: scratch, size: 8 << 30)
    for line in [
      "exec vmcoregen -q image.bin > /dev/null", "exec vmcoregen -q -o vmcore image.bin",
    ] {
      let finished = try Launch.shell(line, in: scratch).run()
      #expect(finished.status == 0, "\(finished.errors)")
      #expect(finished.peakKiB < Self.memoryLimit)
      if Checkout.environment["VMCOREGEN_PRINT_FIGURES"] == "1" {
        print(line, finished.peakKiB, "KiB,", finished.seconds, "s")
      }
    }
    #expect(try sizes(of: scratch.path("vmcore")).stored < 1 << 20)
    #expect(try sizes(of: scratch.path("vmcore")).apparent > 7 << 30)
  }

  @Test("the vmcore is the same from one processor and from all")
  func processors() throws {
    guard let taskset = OutsideTool("taskset") else {
      try OutsideTool.absent("taskset")
      return
    }
    let scratch = try TemporaryDirectory()
    try scratch.add("backup-tail-before")
    let expected = try RecipeFiles.image("backup-tail-before").expectedVMCore()
    for prefix in ["\(taskset.path) -c 0 ", ""] {
      for line in ["vmcoregen -q image.bin", "vmcoregen -q -o out --force image.bin; cat out"] {
        let command = line.replacingOccurrences(of: "vmcoregen", with: prefix + "vmcoregen")
        #expect(try Launch.shell(command, in: scratch).run().output == expected, "\(command)")
      }
    }
  }

  private func sizes(of path: String) throws -> (apparent: Int, stored: Int) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw LaunchError("\(path) is not there") }
    return (Int(status.st_size), Int(status.st_blocks) * 512)
  }
}
