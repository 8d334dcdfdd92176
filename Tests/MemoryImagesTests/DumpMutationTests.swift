import Bytes
import MemoryImages
import TestSupport
import Testing

@Suite("Damaged dump files")
struct DumpMutationTests {
  private static func kdump(_ layout: KdumpFileModel.Layout) -> [UInt8] {
    var model = KdumpFileModel()
    model.layout = layout
    model.info = Array("OSRELEASE=6.1.0\n".utf8)
    model.notes = RecipeNote(name: "VMCOREINFO", type: 0, content: model.info).encoded(.little)
    for frame in 3..<20 { model.pages[frame] = .zlib([UInt8](repeating: 1, count: 4096)) }
    return model.bytes
  }

  private static let elf = ELFFileModel([
    .note(RecipeNote(name: "VMCOREINFO", type: 0, content: [1, 2, 3]).encoded(.little)),
    .load(0x1000, [UInt8](repeating: 1, count: 64)), .load(0x1020, [2, 3, 4]),
  ]).bytes

  private static let files: [String: [UInt8]] = [
    "elf": elf, "kdump": kdump(.wide), "kdump32": kdump(.packed),
    "flat elf": FlattenedFileModel(shuffling: elf, seed: 1).bytes,
    "flat kdump": FlattenedFileModel(shuffling: kdump(.aligned), seed: 2).bytes,
  ]

  @Test("are read in part or refused, quickly", arguments: files.keys.sorted())
  func mutations(_ name: String) throws {
    let whole = try #require(Self.files[name])
    let directory = try TemporaryDirectory()
    let start = ContinuousClock.now
    for seed in 0..<400 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let isHead = Int.random(in: 0..<4, using: &generator) > 0
        let reach = isHead ? min(bytes.count, 512) : bytes.count
        var place = Int.random(in: 0..<reach, using: &generator)
        if isHead, Bool.random(using: &generator), bytes.count > 5000 { place += 4096 }
        let value = [0, 1, 0x7f, 0x80, 0xff, generator.next()].randomElement(using: &generator)
        for offset in 0..<Int.random(in: 1...8, using: &generator)
        where place + offset < bytes.count {
          bytes[place + offset] = UInt8(truncatingIfNeeded: value ?? 0)
        }
      }
      guard
        let image = try? ImageFormat.open(
          path: directory.file(bytes), options: ImageOptions())
      else { continue }
      for region in image.memory.regions.prefix(8) {
        _ = try? image.memory.bytes(at: region.range.lowerBound, count: 8192)
        _ = region.source.extent(at: region.offset)
      }
      #expect(ContinuousClock.now - start < .seconds(60), "seed \(seed)")
    }
  }
}
