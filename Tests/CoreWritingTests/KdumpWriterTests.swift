import Bytes
import Codecs
import CoreWriting
import TestSupport
import Testing

@Suite("A kdump-compressed file that is written")
struct KdumpWriterTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  private func crash(_ name: String) throws -> (PlannedCrash, BuiltImage) {
    let image = try RecipeFiles.image(name)
    try image.write(to: directory.path("image"))
    return (try PlannedCrash(imageAt: directory.path("image")), image)
  }

  private static let engines = [DeflateEngine.zlib, .libdeflate].filter(\.isAvailable)

  @Test(
    "Of random images it holds the memory of the ELF vmcore, with any engine, level and -j",
    arguments: 0..<10)
  func sameMemory(_ part: UInt64) throws {
    var count = 0
    for seed in part * 50..<part * 50 + 50 {
      let random = RandomHeaders.header(seed: seed)
      guard let crash = try PlannedCrash(random) else { continue }
      let core = CoreModel(try crash.elf(), pageSize: Int(random.pageSize))
      guard !core.pages.isEmpty else { continue }
      for engine in Self.engines {
        let level = Int(seed % 10)
        let file = try crash.kdump(level: level, engine: engine)
        let model = try #require(KdumpModel(file), "seed \(seed)")
        #expect(model.pages == core.pages, "seed \(seed)")
        #expect(model.notes == core.notes, "seed \(seed)")
        #expect(model.stored == model.existing, "seed \(seed)")
        #expect(model.zeroPageOffsets.count <= 1, "seed \(seed)")
        let workers = seed % 2 == 0 ? 2 : 7
        let isSame = try crash.kdump(level: level, engine: engine, workers: workers) == file
        #expect(isSame, "seed \(seed)")
      }
      count += 1
    }
    #expect(count > 10)
  }

  @Test("Is refused where its bitmaps cannot reach the last page")
  func reach() throws {
    func plan(lastLoadAt address: UInt64) throws -> KdumpPlan {
      let recipe = try RecipeFiles.text("tiny") + "\nload set 2 paddr=\(address.hex)\n"
      try ImageBuilder.build(parsing: recipe).write(to: directory.path("far"))
      return try PlannedCrash(imageAt: directory.path("far")).kdumpPlan()
    }
    let end: UInt64 = 0x3fff_ffff_8000
    _ = try plan(lastLoadAt: (end - 0x100) * 4096)
    let error = #expect(throws: PlanError.self) { try plan(lastLoadAt: end * 4096) }
    #expect(error?.description.contains("the loads end at frame 0x3fffffff80") ?? false)
  }

  @Test("Names, base and counts are those of the crashed kernel")
  func headers() throws {
    let (crash, _) = try crash("readme")
    let model = try #require(KdumpModel(try crash.kdump()))
    #expect(model.machine == "x86_64")
    #expect(model.release == "6.1.0-18-amd64")
    #expect(model.physicalBase == UInt64(bitPattern: -503_185_408))
    #expect(model.processors == 2)
    #expect(model.status == 1)
    #expect(model.split == 0)
    #expect(model.information == crash.information)
    #expect(model.notes == CoreModel(try crash.elf(), pageSize: 4096).notes)
    #expect(model.pages == CoreModel(try crash.elf(), pageSize: 4096).pages)
  }

  @Test(
    "Each architecture's word size and byte order are those of its machine",
    arguments: [
      ("x86_64-kernel-after", RecipeOrder.little, 8), ("i386-elf64", .little, 4),
      ("i386-elf32", .little, 4), ("arm", .little, 4), ("mips", .big, 4), ("mipsel", .little, 4),
      ("mips64", .big, 8), ("ppc64", .big, 8), ("ppc64le", .little, 8), ("riscv64", .little, 8),
      ("loongarch64", .little, 8), ("arm64", .little, 8), ("s390x", .big, 8),
    ])
  func architectures(_ name: String, _ order: RecipeOrder, _ wordSize: Int) throws {
    let (crash, _) = try crash(name)
    let model = try #require(KdumpModel(try crash.kdump()))
    #expect(model.order == order)
    #expect(model.wordSize == wordSize)
    #expect(!model.machine.isEmpty)
    #expect(model.information == crash.information)
    #expect(!model.information.isEmpty)
    #expect(model.pages == CoreModel(try crash.elf(), pageSize: model.pageSize).pages)
    #expect(model.notes == CoreModel(try crash.elf(), pageSize: model.pageSize).notes)
  }

  @Test("Memory that the image lacks is not in the dump, which says that it is incomplete")
  func incomplete() throws {
    let (crash, image) = try crash("truncated")
    #expect(crash.plan.isPartial)
    let model = try #require(KdumpModel(try crash.kdump()))
    #expect(model.status & 8 == 8)
    #expect(model.stored.isStrictSubset(of: model.existing))
    let core = CoreModel(try crash.elf(), pageSize: model.pageSize)
    #expect(model.existing == Set(core.pages.keys))
    for (frame, page) in model.pages { #expect(core.pages[frame] == page) }
    for frame in model.existing.subtracting(model.stored) {
      let start = frame * UInt64(model.pageSize)
      #expect(image.absentRanges.contains { $0.contains(start) })
    }
  }

  @Test("The kernel's text, which the vmcore holds twice, is in the dump once")
  func once() throws {
    let (crash, _) = try crash("readme")
    let model = try #require(KdumpModel(try crash.kdump(level: 0)))
    #expect(UInt64(model.pages.count) * 4096 < crash.promisedMemory)
    #expect(model.status == 0)
  }

  @Test("Every byte of the file is put or said to be zero, once")
  func target() throws {
    // Two stretches of memory so far from each other that whole MiB of the bitmaps are zero.
    let recipe = """
      arch x86_64
      end 0x10000000000
      ram 0x1000-0x9fc00
      ram 1M-9M
      ram 0x8000000000-0x8000100000
      fill 2M-0x200100 random 1
      crash 0x700000-0x780000
      cpu 0 running pc=0xffffffff81012345 sp=0xffffc90000003e48 pid=7
      osrelease 6.12.9-amd64
      producer kernel
      header 0x700000
      moment before
      """
    try ImageBuilder.build(parsing: recipe).write(to: directory.path("image"))
    let image = try PlannedCrash(imageAt: directory.path("image"))
    let target = RecordingTarget()
    try image.write(to: target)
    #expect(target.isComplete)
    #expect(target.zeros.contains { $0.count >= 1 << 20 })
    #expect(target.puts.allSatisfy { $0.count <= 1 << 20 })
  }
}
