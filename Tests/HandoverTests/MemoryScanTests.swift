import Bytes
import CrashedKernel
import Handover
import Foundation
import MemoryImages
import TestSupport
import Testing

@Suite("The pass over all data")
struct MemoryScanTests {
  private static let mebibyte: UInt64 = 1 << 20
  /// Where each sort of record begins: at the edges of chunks, of data and of the file.
  private static let headers: [UInt64] = [0, mebibyte - 1024, mebibyte, 5 * mebibyte - 4096]
  private static let pages: [UInt64] = [4096, mebibyte - 8192, 2 * mebibyte - 4096]
  private static let trees: [UInt64] = [8192, 2 * mebibyte + 8, 3 * mebibyte - 8]
  private static let notes: [UInt64] = [
    12288, mebibyte + 2048, 2 * mebibyte - 4100, 3 * mebibyte - 4096 - 16,
  ]

  private static func file(_ directory: TemporaryDirectory) throws -> String {
    let path = try directory.file([])
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    let core = try RecipeFiles.image("readme").headerBytes.prefix(64)
    let tree = try RecipeFiles.image("arm64")
    let blob = tree.read(try #require(tree.range(of: "device tree")).lowerBound, 40)
    let note = RecipeNote(name: "VMCOREINFO", type: 0, content: Array("OSRELEASE=6".utf8))
      .encoded(.little)
    let writes =
      headers.map { ($0, Array(core)) } + pages.map { ($0 + 0x202, Array("HdrS".utf8)) }
      + trees.map { ($0, blob) } + notes.map { ($0, note) }
    for (offset, bytes) in writes {
      try file.seek(toOffset: offset)
      try file.write(contentsOf: bytes)
    }
    try file.truncate(atOffset: 9 * mebibyte)
    try file.close()
    return path
  }

  @Test(
    "Every record is found wherever it begins, in order, by any number of threads",
    arguments: [1, 2, 7])
  func finds(_ workers: Int) throws {
    let directory = try TemporaryDirectory()
    let source = try FileSource(path: Self.file(directory))
    let memory = try PhysicalMemory(regions: ImageLayout.identity.regions(of: source))
    let scan = try MemoryScan(memory, workers: workers)
    #expect(scan.hits(of: .coreHeader).addresses == Self.headers)
    #expect(scan.hits(of: .bootParameters).addresses == Self.pages)
    #expect(scan.hits(of: .deviceTree).addresses == Self.trees)
    #expect(scan.hits(of: .vmCoreInfoNote).addresses == Self.notes)
    #expect(!scan.hits(of: .coreHeader).isCut)
    #expect(scan.scannedBytes < Self.mebibyte, "holes were read")
  }

  @Test("Part after part in any order gives what one pass gives")
  func parts() throws {
    let directory = try TemporaryDirectory()
    let source = try FileSource(path: Self.file(directory))
    let memory = try PhysicalMemory(regions: ImageLayout.identity.regions(of: source))
    var scan = MemoryScan()
    let edges: [UInt64] = [0, 4096, Self.mebibyte, 2 * Self.mebibyte - 4096, 9 * Self.mebibyte]
    for (start, end) in zip(edges, edges.dropFirst()).reversed() {
      try scan.add(RangeSet([start..<end]), of: memory, workers: 2)
    }
    #expect(scan.hits(of: .coreHeader).addresses == Self.headers)
    #expect(scan.hits(of: .bootParameters).addresses == Self.pages)
    #expect(scan.hits(of: .deviceTree).addresses == Self.trees)
    #expect(scan.hits(of: .vmCoreInfoNote).addresses == Self.notes)
  }

  @Test("A record in another region is found at its address")
  func regions() throws {
    let directory = try TemporaryDirectory()
    let source = try FileSource(path: Self.file(directory))
    let memory = try PhysicalMemory(regions: [
      MemoryRegion(range: 0x7000..<0x8000, source: source, offset: Self.mebibyte),
      MemoryRegion(range: 0x4000_0400..<0x4000_0800, source: source, offset: 0),
    ])
    let scan = try MemoryScan(memory, workers: 2)
    #expect(scan.hits(of: .coreHeader).addresses == [0x7000, 0x4000_0400])
    #expect(scan.hits(of: .vmCoreInfoNote).addresses == [0x7800])
  }

  @Test(
    "Memory that ends where the addresses end is scanned to its end",
    arguments: [0, 1, 7, 8, 4096] as [UInt64])
  func end(_ dataSize: UInt64) throws {
    let directory = try TemporaryDirectory()
    let path = try directory.file([UInt8](repeating: 1, count: Int(dataSize)))
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.truncate(atOffset: 65_535)
    try file.close()
    let memory = try PhysicalMemory(regions: [
      MemoryRegion(
        range: UInt64.max - 65_535..<UInt64.max, source: try FileSource(path: path), offset: 0)
    ])
    let scan = try MemoryScan(memory, workers: 1)
    #expect(scan.hits(of: .coreHeader).addresses.isEmpty)
    #expect(scan.scannedBytes < 65_535)
  }
}
