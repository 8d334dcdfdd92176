import Bytes
import CrashedKernel
import DumpRecords
import Handover
import MemoryImages
import TestSupport
import Testing

struct KexecImageTests {
  /// kdump was loaded twice; `segment` is the header of the load that counts.
  private static func recipe(_ architecture: String, segment: String) -> String {
    let kernel = architecture == "x86_64" ? "ffffffff80" : "c000000000"
    let direct = architecture == "x86_64" ? "ffff888000" : "c000000000"
    return """
      arch \(architecture)
      ram 0x100000-0x400000
      fill 0x110000-0x114000 random 131
      crash 0x200000-0x280000
      osrelease 6.1.0
      crashtime 1700001200
      info SYMBOL(_stext)=\(kernel)110000
      info SYMBOL(swapper_pg_dir)=\(kernel)160000
      info SYMBOL(init_uts_ns)=\(kernel)140000
      info NUMBER(phys_base)=0
      system-name 0x140000
      kernel-symbols 0x120000 at 0x\(kernel)120000
      symbol _stext 0x\(kernel)110000
      symbol init_uts_ns 0x\(kernel)140000
      kexec-image 0x130000 at 0x\(direct)130000 0x210000-0x220000 \(segment)
      cpu 0 running pc=0xffffffff81012345 sp=0xffffc90000003e48 pid=5
      header 0x250000
      decoy stale 0x260000
      moment before
      name-by nothing
      """
  }

  private static func find(_ memory: ImageInMemory) throws -> CrashedSystem {
    try SystemFinder.find(in: memory.image(), SearchOptions())
  }

  private static func locator(_ system: CrashedSystem) throws -> LocatorAnswer {
    try #require(system.locators.first { $0.locator == .kexecImage }).answer
  }

  @Test(
    "of two whole headers the one that the crashed kernel had loaded is chosen",
    arguments: ["x86_64", "ppc64"],
    [("0x250000-0x251000", 0x250000), ("0x260000-0x261000", 0x260000)] as [(String, UInt64)])
  func loadedTwice(architecture: String, segment: (String, UInt64)) throws {
    let system = try Self.find(ImageInMemory(Self.recipe(architecture, segment: segment.0)))
    #expect(system.headerAddress == segment.1)
    guard case .found(let parameter, let by) = try Self.locator(system) else {
      Issue.record("the kexec image was not found")
      return
    }
    #expect(parameter.address == segment.1)
    #expect(by.contains("segment 1"))
    let loser = system.candidates.first { $0.address == 0x4b0000 - segment.1 }
    #expect(loser?.rejection?.rule == .kexecImage)
  }

  @Test("a segment without a core header decides nothing")
  func otherSegments() throws {
    let memory = try ImageInMemory(Self.recipe("x86_64", segment: "0x270000-0x271000"))
    #expect(throws: SearchError.self) { try Self.find(memory) }
  }

  @Test("without a loaded crash kernel there is no kexec image, and that is no damage")
  func noImage() throws {
    let recipe = Self.recipe("x86_64", segment: "0x250000-0x251000")
      .replacing("decoy stale 0x260000\n", with: "")
    let memory = try ImageInMemory(recipe).writing([UInt8](repeating: 0, count: 8), at: 0x124800)
    guard case .absent(let why) = try Self.locator(Self.find(memory)) else {
      Issue.record("expected no kexec image")
      return
    }
    #expect(why.contains("kexec_crash_image is 0"))
  }

  @Test(
    "a list of segments that cannot be one is corrupt",
    arguments: [
      (56, 17), (56, 0), (64 + 16, 0x210800), (64 + 24, 0x800), (64 + 24, 0x80000),
      (64 + 8, 0x20000), (64 + 64, 1),
    ] as [(UInt64, UInt64)])
  func damagedList(offset: UInt64, value: UInt64) throws {
    let recipe = Self.recipe("x86_64", segment: "0x250000-0x251000")
      .replacing("decoy stale 0x260000\n", with: "")
    var writer = ByteWriter(order: .little)
    writer.write(value)
    let memory = try ImageInMemory(recipe).writing(writer.bytes, at: 0x130000 + offset)
    guard case .corrupt(let why) = try Self.locator(Self.find(memory)) else {
      Issue.record("expected a corrupt list")
      return
    }
    #expect(why.contains("0xffff888000130000"))
  }

  @Test(
    "the list is found by its shape, wherever a release has it, and it is said where",
    arguments: [(3, 4), (5, 9), (7, 8), (8, 16), (20, 21)] as [(Int, Int)])
  func shape(count: Int, list: Int) throws {
    let recipe = Self.recipe("x86_64", segment: "0x250000-0x251000")
      .replacing("decoy stale 0x260000\n", with: "")
    var words = [UInt64](repeating: 0, count: 120)
    for index in 0..<list { words[index] = 0xffff_8880_0013_0000 + UInt64(index) * 8 }
    words[count] = 3
    for (index, start) in [0x210000, 0x250000, 0x260000].enumerated() {
      words[list + 4 * index + 1] = 0x400
      words[list + 4 * index + 2] = UInt64(start)
      words[list + 4 * index + 3] = 0x1000
    }
    words[list + 80] = 0xffff_8880_0013_0300
    var writer = ByteWriter(order: .little)
    for word in words { writer.write(word) }
    let image = try ImageInMemory(recipe).writing(writer.bytes, at: 0x130000)
    guard case .found(let parameter, let by) = try Self.locator(Self.find(image)) else {
      Issue.record("expected the loaded header")
      return
    }
    #expect(parameter.address == 0x250000)
    #expect(
      by.hasPrefix(
        "kexec_crash_image at 0xffff888000130000, nr_segments at +\(UInt64(count * 8).hex), "
          + "segment[] at +\(UInt64(list * 8).hex), segment 1 "))
  }
}
