import Bytes
import MemoryImages
import TestSupport
import Testing

@Suite("How a raw file lies in memory")
struct ImageLayoutTests {
  /// A file of a size that is never read.
  private struct Sized: ByteSource {
    let name = "sized"
    let size: UInt64
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int { 0 }
  }

  private static let layouts = [
    ImageLayout.identity, .base(0x4000_0000),
    ImageLayout(base: 0, holes: [0xc000..<0x10000], name: "one hole"),
    ImageLayout(base: 0x1000, holes: [0x1000..<0x2000, 0x3000..<0x4000], name: "at the start"),
    ImageLayout(base: 0, holes: [0x2000..<0x3000, 0x3000..<0x5000], name: "two that touch"),
    ImageLayout(base: 0, holes: [0x100_0000..<0x200_0000], name: "behind the file"),
    ImageLayout.base(0x2000).ordered(
      [0x6000..<0x9000, 0..<0x1000, 0x1000..<0x6000], name: "turned"),
    ImageLayout(base: 0, holes: [0x2000..<0x4000, 0x5000..<0x6000], name: "")
      .ordered([0x8000..<0x9000, 0x1000..<0x8000, 0..<0x1000], name: "turned, with holes"),
  ]

  @Test("Offset to address, and address to offset through the regions, agree", arguments: layouts)
  func bothWays(_ layout: ImageLayout) throws {
    let source = Sized(size: 0x9000)
    let memory = try PhysicalMemory(regions: layout.regions(of: source))
    #expect(memory.size == source.size)
    for offset in stride(from: UInt64(0), to: source.size, by: 0x400) {
      let address = try #require(layout.address(ofFileOffset: offset))
      guard case .present(_, let region) = memory.firstStretch(of: address..<address + 1) else {
        Issue.record("\(address.hex) of offset \(offset.hex) is absent")
        continue
      }
      #expect(region.sourceOffset(of: address) == offset)
    }
    for hole in layout.holes where hole.lowerBound < memory.end {
      #expect(memory.missing(in: hole) == [hole])
    }
  }

  @Test("Parts in the file's own order change nothing, in another they do")
  func order() {
    let size: UInt64 = 0x9000
    let inOrder = ImageLayout.identity.ordered([0..<0x1000, 0x1000..<size], name: "a, b")
    #expect(inOrder.isIdentity && inOrder.places(size, as: .identity))
    let turned = ImageLayout.identity.ordered([0x1000..<size, 0..<0x1000], name: "b, a")
    #expect(!turned.isIdentity && !turned.places(size, as: .identity))
    #expect(turned.address(ofFileOffset: 0x1000) == 0)
    #expect(turned.address(ofFileOffset: 0x234) == 0x8234)
  }

  @Test("What would lie behind 64 bits has no address")
  func overflow() throws {
    let layout = ImageLayout.base(.max - 0xfff)
    #expect(layout.address(ofFileOffset: 0xfff) == .max)
    #expect(layout.address(ofFileOffset: 0x1000) == nil)
    #expect(layout.regions(of: Sized(size: 0x8000)).map(\.range) == [.max - 0xfff..<UInt64.max])
    let hole = ImageLayout(base: 0, holes: [0x1000..<UInt64.max], name: "endless hole")
    #expect(hole.address(ofFileOffset: 0xfff) == 0xfff)
    #expect(hole.address(ofFileOffset: 0x1001) == nil)
    #expect(hole.regions(of: Sized(size: 0x8000)).map(\.range) == [0..<0x1000])
  }

  @Test(
    "A machine has its hole from its own amount of RAM on, and none below",
    arguments: [
      ("pc", 0xe000_0000, 0xc000_0000), ("q35", 0xb000_0000, 0x8000_0000),
      ("microvm", 0xc000_0000, 0xc000_0000),
    ] as [(String, UInt64, UInt64)])
  func presets(_ name: String, _ threshold: UInt64, _ lowEnd: UInt64) throws {
    let preset = try #require(MachinePreset.all.first { $0.name == name })
    #expect(preset.layout(forSize: threshold - 1).holes == [])
    let layout = preset.layout(forSize: threshold)
    #expect(layout.holes == [lowEnd..<0x1_0000_0000])
    #expect(layout.name == "machine \(name)")
    #expect(layout.address(ofFileOffset: lowEnd - 1) == lowEnd - 1)
    #expect(layout.address(ofFileOffset: lowEnd) == 0x1_0000_0000)
  }
}
