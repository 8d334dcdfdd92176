import Bytes
import MemoryImages
import TestSupport
import Testing

@Suite("Damaged dump files")
struct DumpMutationTests {
  private static let formats: [String: (format: ImageFormat, dumps: SmallDumps)] = [
    "elf": (.elf, SmallDumps.elf), "kdump": (.kdump, SmallDumps.kdump),
    "flattened": (.flattened, SmallDumps.flattened), "lime": (.lime, SmallDumps.lime),
    "avml": (.avml, SmallDumps.avml),
    "vmware": (.vmware, SmallDumps.vmware),
    "savevm": (.savevm, SmallDumps.savevm), "lkcd": (.lkcd, SmallDumps.lkcd),
    "s390_ext": (.s390Extended, SmallDumps.s390), "sadump": (.sadump, SmallDumps.sadump),
    "xen": (.xen, SmallDumps.xen),
  ]

  @Test("are read in part or refused", .timeLimit(.minutes(5)), arguments: formats.keys.sorted())
  func mutations(_ name: String) throws {
    let (format, dumps) = try #require(Self.formats[name])
    let files = dumps.files.sorted { $0.key < $1.key }.map(\.value)
    var opened = 0
    for seed in 0..<1000 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      var bytes = files[Int(seed) % files.count]
      for _ in 0..<Int.random(in: 1...3, using: &generator) { mutate(&bytes, &generator) }
      let input = ImageInput(ByteArraySource(bytes, name: "dump"))
      guard format.recognizes(bytes),
        let image = try? format.open(input, ImageOptions(machines: []))
      else {
        continue
      }
      opened += 1
      for region in image.memory.regions.prefix(8) {
        _ = try? image.memory.bytes(at: region.range.lowerBound, count: 8192)
        #expect(region.source.extent(at: region.offset).end > region.offset, "seed \(seed)")
      }
    }
    #expect((100..<1000).contains(opened))
  }

  private static let numbers: [UInt64] = [
    0, 1, .max, 1 << 63, 1 << 63 - 1, 1 << 62, 1 << 56, 1 << 44, 1 << 32, 1 << 31, 4096,
  ]

  /// Puts a number or noise where the file holds something.
  private func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
    var place = 0
    repeat {
      place = Int.random(in: 0..<bytes.count - 8, using: &generator)
    } while bytes[place..<place + 8].allSatisfy { $0 == 0 }
    let isNumber = Bool.random(using: &generator)
    let number = Self.numbers.randomElement(using: &generator) ?? 0
    let order: RecipeOrder = Bool.random(using: &generator) ? .little : .big
    let width = [2, 4, 8].randomElement(using: &generator) ?? 8
    if isNumber { place = place / 4 * 4 }
    bytes.replaceSubrange(
      place..<place + width, with: order.bytes(isNumber ? number : generator.next(), width: width))
  }
}
