import Bytes
import CoreWriting
import Foundation
import TestSupport
import Testing

@Suite("A source that is written as it is")
struct SourceWriterTests {
  /// A source with all sorts of stretches, one whose end is a hole, one that is nothing else.
  private static let sources = [
    HolySource(random: 1, size: 1_300_001), HolySource(random: 2, size: 1 << 20),
    HolySource(size: 600_000, holes: [300_000..<600_000], seed: 4),
    HolySource(size: 1 << 20, holes: [0..<1 << 20], seed: 5), HolySource(size: 0, seed: 6),
  ]
  private static let digests = sources.map(\.bytes.digest)

  @Test(
    "is in a file what it is, with holes or over old content, with a digest or without",
    arguments: sources.indices, [1, 3])
  func inPlace(_ index: Int, _ workers: Int) throws {
    let source = Self.sources[index]
    var spaces: [Int] = []
    for leavesHoles in [true, false] {
      for hasDigest in [true, false] {
        let old = [UInt8](repeating: 0xee, count: leavesHoles ? 0 : source.bytes.count)
        let file = try OpenTestFile(holding: old)
        let output = try file.placed(leavesHoles: leavesHoles, hasDigest: hasDigest)
        try SourceWriter(source, workers: workers, monitor: WriteMonitor()).write(to: output)
        #expect(difference(try file.bytes(), source.bytes) == nil)
        #expect(try output.digest() == (hasDigest ? Self.digests[index] : nil))
        if leavesHoles { spaces.append(file.space) }
      }
    }
    #expect(Set(spaces).count == 1)
    #expect(spaces.first == Self.leastSpace(of: source.bytes))
  }

  @Test(
    "is written with an early part before what is behind it, and its first page behind all else",
    arguments: [1, 3], [true, false])
  func earlyPart(_ workers: Int, _ hasDigest: Bool) throws {
    let source = HolySource(size: 3_000_000, holes: [], seed: 7)
    let file = try OpenTestFile()
    let early = 8192..<1_000_003
    let seen = SeenFile()
    let writer = SourceWriter(
      source, workers: workers, monitor: WriteMonitor(),
      early: EarlyPart(UInt64(early.lowerBound)..<UInt64(early.upperBound)) {
        seen.bytes.append((try? file.bytes()) ?? [])
        return nil
      })
    let output = try file.placed(hasDigest: hasDigest)
    try writer.write(to: output)
    #expect(difference(try file.bytes(), source.bytes) == nil)
    #expect(try output.digest() == (hasDigest ? source.bytes.digest : nil))
    let then = try #require(seen.bytes.first)
    #expect(seen.bytes.count == 1)
    #expect(then.count == early.upperBound)
    #expect(then.prefix(4096).allSatisfy { $0 == 0 })
    #expect(then.dropFirst(4096).elementsEqual(source.bytes[4096..<early.upperBound]))
  }

  /// Bytes of the blocks that are not all zero.
  private static func leastSpace(of bytes: [UInt8]) -> Int {
    stride(from: 0, to: bytes.count, by: 4096).reduce(0) { sum, start in
      bytes[start...].prefix(4096).contains { $0 != 0 } ? sum + 4096 : sum
    }
  }

  @Test(
    "is in a pipe what it is, with a digest or without", arguments: sources.indices,
    [true, false])
  func inOrder(_ index: Int, _ hasDigest: Bool) throws {
    let source = Self.sources[index]
    var digest: [UInt8]?
    let found = try TestPipe().read { descriptor in
      let output = OutputDescriptor(
        inOrder: descriptor, name: "out", monitor: WriteMonitor()
      ).ordered(hasDigest: hasDigest)
      try SourceWriter(source, workers: 2, monitor: WriteMonitor()).write(to: output)
      digest = output.digest
    }
    #expect(difference(found, source.bytes) == nil)
    #expect(digest == (hasDigest ? Self.digests[index] : nil))
  }

  /// The same bytes in an open file, whose pages can be moved.
  private struct FileBackedSource: ByteSource {
    let inner: HolySource
    let file: OpenTestFile
    let asked: Counter
    var name: String { inner.name }
    var size: UInt64 { inner.size }

    func read(
      at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(ReadError) -> Int {
      asked.read += buffer.count
      return try inner.read(at: offset, into: buffer)
    }

    func extent(at offset: UInt64) -> SourceExtent { inner.extent(at: offset) }

    func filePosition(at offset: UInt64) -> FilePosition? {
      asked.positions.append(offset)
      return FilePosition(descriptor: file.descriptor, offset: offset)
    }
  }

  /// What was asked of a source, by one thread at a time.
  private final class Counter: @unchecked Sendable {
    var read = 0
    var positions: [UInt64] = []
  }

  private static func fileBacked(_ source: HolySource) throws -> FileBackedSource {
    FileBackedSource(
      inner: source, file: try OpenTestFile(holding: source.bytes), asked: Counter())
  }

  @Test("goes from a file into a pipe without being read, but for small stretches and a digest")
  func moved() throws {
    let source = try Self.fileBacked(
      HolySource(size: 3_000_000, holes: [1_000_000..<1_900_000, 2_000_000..<2_000_100], seed: 8))
    for hasDigest in [false, true] {
      source.asked.read = 0
      let found = try TestPipe().read { descriptor in
        let output = OutputDescriptor(
          inOrder: descriptor, name: "out", monitor: WriteMonitor()
        ).ordered(hasDigest: hasDigest)
        try SourceWriter(source, workers: 1, monitor: WriteMonitor()).write(to: output)
      }
      #expect(difference(found, source.inner.bytes) == nil)
      // The end of what was moved in part may be small.
      #expect(hasDigest ? source.asked.read > 2_000_000 : source.asked.read < 400_000)
    }
  }

  @Test("asks to share what lies in blocks of a file, and once only where that cannot be done")
  func shared() throws {
    let source = try Self.fileBacked(
      HolySource(
        size: 3_000_000, holes: [1000..<8193, 204_800..<225_280, 400_000..<409_600], seed: 9))
    let file = try OpenTestFile()
    try SourceWriter(source, workers: 1, monitor: WriteMonitor()).write(to: try file.placed())
    #expect(difference(try file.bytes(), source.inner.bytes) == nil)
    // Not a small stretch, nor one off the start of a block.
    let isShared = source.asked.read < 1_000_000
    #expect(source.asked.positions == (isShared ? [225_280, 409_600] : [225_280]))
    source.asked.positions = []
    let full = try OpenTestFile()
    try SourceWriter(source, workers: 1, monitor: WriteMonitor())
      .write(to: try full.placed(leavesHoles: false))
    #expect(source.asked.positions.isEmpty, "old content would stay")
  }

  @Test("tells how far it is up to its size", arguments: [1, 3])
  func progress(_ workers: Int) throws {
    let source = Self.sources[0]
    let log = ProgressLog()
    let file = try OpenTestFile()
    try SourceWriter(source, workers: workers, monitor: WriteMonitor(progress: log.append))
      .write(to: try file.placed())
    #expect(log.values == log.values.sorted())
    #expect(log.values.last == source.size)
  }

  private final class ProgressLog: @unchecked Sendable {
    private let lock = NSLock()
    private var all: [UInt64] = []
    var values: [UInt64] { lock.withLock { all } }
    @Sendable func append(_ value: UInt64) { lock.withLock { all.append(value) } }
  }

  @Test("is in records of 1 MiB without those that are zero, save the last")
  func records() throws {
    let sources = [
      HolySource(random: 7, size: 3_000_000),
      HolySource(size: 3 << 20, holes: [1 << 20..<2 << 20], zeros: [2 << 20..<3 << 20], seed: 8),
      HolySource(size: 3 << 20, holes: [0..<3 << 20], seed: 9),
    ]
    for source in sources {
      let file = try OpenTestFile()
      try SourceWriter(source, workers: 2, monitor: WriteMonitor())
        .write(to: try FlattenedOutput(file.ordered()))
      let model = try #require(FlattenedModel(try file.bytes()))
      #expect(model.isWhole)
      #expect(difference(model.content, source.bytes) == nil)
      let mebibyte = 1 << 20
      let expected = stride(from: 0, to: source.bytes.count, by: mebibyte).filter { start in
        start + mebibyte >= source.bytes.count
          || source.bytes[start..<start + mebibyte].contains { $0 != 0 }
      }
      #expect(model.records.map(\.offset) == expected)
    }
  }

  @Test("of which the end is lacking is an error that says so")
  func shrunk() throws {
    struct Short: ByteSource {
      let name = "short"
      let size: UInt64 = 1 << 20
      func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        buffer.initializeMemory(as: UInt8.self, repeating: 1)
        return offset == 0 ? buffer.count : 5
      }
    }
    let file = try OpenTestFile()
    let error = #expect(throws: WriteError.self) {
      try SourceWriter(Short(), workers: 1, monitor: WriteMonitor())
        .write(to: try file.placed())
    }
    #expect(error?.kind == .readFailed)
    #expect(error?.description.contains("ends here, expected 1048576 bytes") == true)
  }
}

/// What a file held now and then.
private final class SeenFile: @unchecked Sendable {
  var bytes: [[UInt8]] = []
}
