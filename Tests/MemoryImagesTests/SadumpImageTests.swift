import Bytes
import MemoryImages
import TestSupport
import Testing

@Suite("A sadump dump as an image")
struct SadumpImageTests {
  /// Pages that differ, some of them zero.
  private static func pages(_ count: Int, _ isZero: (Int) -> Bool) -> [UInt8] {
    (0..<count).flatMap { page in
      [UInt8](repeating: isZero(page) ? 0 : UInt8(page % 251 + 1), count: 4096)
    }
  }

  private func open(_ files: [[UInt8]]) throws -> MemoryImage {
    let inputs = files.enumerated().map { number, bytes in
      ImageInput(ByteArraySource(bytes, name: "disk\(number)"))
    }
    var input = try #require(inputs.first)
    input.parts = Array(inputs.dropFirst())
    return try ImageFormat.sadump.open(input, ImageOptions(machines: []))
  }

  @Test("in which every third page is left out is one region, with those pages as holes")
  func interleaved() throws {
    let content = Self.pages(5000) { $0 % 3 == 1 }
    let high = Self.pages(70) { $0 % 2 == 0 }
    let model = SadumpModel([MemoryPart(0x10_0000, content), MemoryPart(0x800_0000, high)])
    for file in [model.single, model.media] {
      let memory = try open([file]).memory
      #expect(
        memory.regions.map(\.range) == [
          0x10_0000..<0x10_0000 + 5000 * 4096, 0x800_0000..<0x804_6000,
        ])
      for (start, bytes) in [(0x10_0000, content), (0x800_0000, high)] as [(UInt64, [UInt8])] {
        #expect(difference(try memory.bytes(at: start, count: bytes.count) ?? [], bytes) == nil)
      }
      // Across the ends of pages, and inside one.
      for (start, count) in [(0xfff, 4098), (0x1800, 16), (0x2000, 8192), (4999 * 4096 + 1, 4095)] {
        let found = try memory.bytes(at: 0x10_0000 + UInt64(start), count: count)
        #expect(found == Array(content[start..<start + count]))
      }
      let source = try #require(memory.regions.first).source
      #expect(source.extent(at: 0x10_0000) == SourceExtent(isHole: false, end: 0x10_1000))
      #expect(source.extent(at: 0x10_1010) == SourceExtent(isHole: true, end: 0x10_2000))
      #expect(source.extent(at: 0x10_2000) == SourceExtent(isHole: false, end: 0x10_4000))
    }
  }

  @Test("that is cut off lacks what is behind, to the byte")
  func cut() throws {
    let content = Self.pages(100) { $0 % 3 == 1 }
    let file = SadumpModel([MemoryPart(0x10_0000, content)]).single
    // 67 pages are stored; of those before the last ten 100 bytes are cut away, too.
    let image = try open([Array(file.dropLast(10 * 4096 + 100))])
    let last = 0x10_0000 + UInt64(Self.place(ofStored: 56)) * 4096
    #expect(image.memory.end == last + 3996)
    #expect(image.warnings.map(\.isPartial) == [true])
    #expect(image.warnings[0].text.contains("0xa064 bytes of memory are missing, the first at"))
    #expect(image.warnings[0].text.contains((last + 3996).hex))
    #expect(
      try image.memory.bytes(at: last, count: 3996)
        == [UInt8](repeating: UInt8(Self.place(ofStored: 56) + 1), count: 3996))
  }

  /// The page that has so many stored ones before it.
  private static func place(ofStored count: Int) -> Int {
    (0..<100).filter { $0 % 3 != 1 }[count]
  }

  @Test("of which a disk is lacking shows nothing of the disks behind it")
  func disks() throws {
    let content = Self.pages(99) { $0 % 3 == 1 }
    let disks = SadumpModel([MemoryPart(0x10_0000, content)]).disks(3)
    #expect(try open(disks).memory.bytes(at: 0x10_0000, count: content.count) == content)
    #expect(try open([disks[2], disks[0], disks[1]]).warnings.isEmpty)
    let image = try open([disks[0], disks[2]])
    #expect(image.warnings.map(\.isPartial) == [true])
    // Each disk has 22 of 66 pages.
    #expect(image.memory.regions.map(\.range) == [0x10_0000..<0x10_0000 + 33 * 4096])
    #expect(
      try image.memory.bytes(at: 0x10_0000, count: 33 * 4096) == Array(content[..<(33 * 4096)]))
  }
}
