import Bytes
import MemoryImages
import TestSupport
import Testing

@Suite("Physical memory made of regions")
struct PhysicalMemoryTests {
  private let directory: TemporaryDirectory
  private let source: FileSource
  private let memory: PhysicalMemory

  init() throws {
    directory = try TemporaryDirectory()
    let bytes = (0..<0x300).map { UInt8(truncatingIfNeeded: $0 / 16 + 1) }
    source = try FileSource(path: directory.file(bytes))
    memory = try PhysicalMemory(regions: [
      MemoryRegion(range: 0x5000..<0x5100, source: source, offset: 0x200),
      MemoryRegion(range: 0x2000..<0x2000, source: source, offset: 0),
      MemoryRegion(range: 0x1000..<0x1100, source: source, offset: 0),
      MemoryRegion(range: 0x1100..<0x1200, source: source, offset: 0x100),
    ])
  }

  @Test("Regions are sorted, and empty ones are none")
  func sorted() {
    #expect(memory.regions.map(\.range) == [0x1000..<0x1100, 0x1100..<0x1200, 0x5000..<0x5100])
    #expect(memory.end == 0x5100)
    #expect(memory.size == 0x300)
  }

  @Test("Each piece of a range is present in one region, or absent")
  func pieces() {
    func text(_ range: Range<UInt64>) -> String {
      switch memory.firstStretch(of: range) {
      case .present(let piece, let region): "\(piece.hex) in \(region.range.hex)"
      case .absent(let piece): "\(piece.hex) absent"
      }
    }
    #expect(text(0x0..<0x10) == "[0x0, 0x10) absent")
    #expect(text(0x0..<0x6000) == "[0x0, 0x1000) absent")
    #expect(text(0x1080..<0x6000) == "[0x1080, 0x1100) in [0x1000, 0x1100)")
    #expect(text(0x1100..<0x1101) == "[0x1100, 0x1101) in [0x1100, 0x1200)")
    #expect(text(0x1200..<0x6000) == "[0x1200, 0x5000) absent")
    #expect(text(0x5100..<UInt64.max) == "[0x5100, 0xffffffffffffffff) absent")
  }

  @Test("What is missing of a range is listed, and nothing of a whole one")
  func missing() {
    #expect(memory.missing(in: 0x0..<0x6000) == [0..<0x1000, 0x1200..<0x5000, 0x5100..<0x6000])
    #expect(memory.missing(in: 0x1000..<0x1200) == [])
    #expect(memory.missing(in: 0x3000..<0x3000) == [])
    #expect(memory.holds(0x10ff..<0x1101))
    #expect(!memory.holds(0x11ff..<0x1201))
  }

  @Test("A read goes on from region to region, and gaps are zero")
  func reads() throws {
    #expect(try memory.bytes(at: 0x10fe, count: 4) == [0x10, 0x10, 0x11, 0x11])
    #expect(try memory.bytes(at: 0x11ff, count: 2) == nil)
    let padded = try memory.paddedBytes(at: 0x0fff, count: 0x4003)
    #expect(padded.present == 0x202)
    #expect(padded.bytes[0] == 0 && padded.bytes[1] == 1)
    #expect(padded.bytes[0x201...0x4000].allSatisfy { $0 == 0 })
    #expect(Array(padded.bytes[0x4001...]) == [0x21, 0x21])
    #expect(try memory.paddedBytes(at: 0x1000, count: -1).bytes == [])
  }

  @Test("A read at the end of all addresses is zeros, whatever was in the buffer")
  func top() throws {
    var buffer = [UInt8](repeating: 0xaa, count: 64)
    let present = try buffer.withUnsafeMutableBytes { try memory.read(at: .max - 15, into: $0) }
    #expect(present == 0)
    #expect(buffer.allSatisfy { $0 == 0 })
  }

  @Test("Two regions that hold the same address are no memory")
  func overlap() {
    let error = #expect(throws: OverlappingRegions.self) {
      try PhysicalMemory(regions: [
        MemoryRegion(range: 0x1000..<0x2000, source: source, offset: 0),
        MemoryRegion(range: 0x0..<0x1001, source: source, offset: 0),
      ])
    }
    #expect(error?.first.range == 0..<0x1001)
    #expect(error?.second.range == 0x1000..<0x2000)
  }

  @Test("A file that shrank while it was read is an error, not zeros")
  func shrunk() throws {
    let longer = try PhysicalMemory(regions: [
      MemoryRegion(range: 0..<0x400, source: source, offset: 0)
    ])
    let error = #expect(throws: ReadError.self) { try longer.bytes(at: 0x2f0, count: 0x20) }
    #expect(error?.offset == 0x300)
    #expect(error?.reason.contains("it shrank while it was read") == true)
  }
}
