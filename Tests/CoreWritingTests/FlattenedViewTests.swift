import Bytes
import CoreWriting
import DumpRecords
import TestSupport
import Testing

/// Bytes of which whole stretches are holes.
private struct HolySource: ByteSource {
  let name = "test"
  let bytes: [UInt8]
  /// Sorted.
  let holes: [Range<UInt64>]

  var size: UInt64 { UInt64(bytes.count) }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(ReadError) -> Int
  {
    guard offset < size else { return 0 }
    let part = bytes[Int(offset)...].prefix(buffer.count)
    buffer.copyBytes(from: part)
    return part.count
  }

  func extent(at offset: UInt64) -> SourceExtent {
    for hole in holes where hole.upperBound > offset {
      return hole.contains(offset)
        ? SourceExtent(isHole: true, end: hole.upperBound)
        : SourceExtent(isHole: false, end: hole.lowerBound)
    }
    return SourceExtent(isHole: false, end: size)
  }

  /// Random data in `size` bytes, zeros in `holes`.
  init(size: Int, holes: [Range<UInt64>], seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    // A prime length, so that no two pages are equal.
    let tile = (0..<4099).map { _ in UInt8.random(in: 0...255, using: &generator) }
    var bytes: [UInt8] = []
    while bytes.count < size { bytes += tile }
    bytes.removeLast(bytes.count - size)
    for hole in holes {
      bytes.replaceSubrange(
        Int(hole.lowerBound)..<Int(hole.upperBound), with: repeatElement(0, count: hole.count))
    }
    self.bytes = bytes
    self.holes = holes
  }
}

@Suite("The flattened form of a file, at any offset")
struct FlattenedViewTests {
  private static let mebibyte: UInt64 = 1 << 20

  /// Files with their holes: without, between, at the end, all hole, not a byte.
  private static let shapes: [(size: Int, holes: [Range<UInt64>])] = [
    (3 << 20, []),
    (100, []),
    (5_000_000, [1_000_000..<3_500_000]),
    (4_194_304 + 4096, [2 << 20..<4_194_304 + 4096]),
    (6 << 20, [0..<2 << 20, 2 << 20..<3 << 20, 4 << 20..<5 << 20]),
    (3 << 20, [0..<3 << 20]),
    (0, []),
  ]

  /// What `makedumpfile -R` does, written from its description: each record at its offset.
  private func unflattened(_ bytes: [UInt8]) throws -> [UInt8] {
    var reader = ByteReader(bytes, order: .big)
    let header = try #require(try FlattenedHeader(from: &reader))
    #expect(header == .current)
    var result: [UInt8] = []
    while true {
      let record = try FlattenedRecord(from: &reader)
      if record == .end { break }
      #expect(record.count > 0)
      #expect(record.offset >= Int64(result.count))
      result += [UInt8](repeating: 0, count: Int(record.offset) - result.count)
      result += try reader.take(Int(record.count))
    }
    #expect(reader.remaining == 0)
    return result
  }

  @Test("gives back the file, whatever its holes", arguments: shapes.indices)
  func roundTrip(_ index: Int) throws {
    let shape = Self.shapes[index]
    let source = HolySource(size: shape.size, holes: shape.holes, seed: UInt64(index))
    let view = FlattenedView(source, name: "flat")
    let bytes = try view.bytes(at: 0, count: Int(view.size) + 10)
    #expect(UInt64(bytes.count) == view.size)
    #expect(try unflattened(bytes) == source.bytes)
  }

  @Test("leaves out what is a hole as a whole, in pieces of 1 MiB")
  func leavesOutHoles() {
    let source = HolySource(size: 16 << 20, holes: [3 << 19..<12 << 20], seed: 1)
    let view = FlattenedView(source, name: "flat")
    #expect(view.size == 4096 + 6 * (16 + Self.mebibyte) + 16)
  }

  @Test("reads the same at any offset as in one piece", arguments: shapes.indices)
  func anyOffset(_ index: Int) throws {
    let shape = Self.shapes[index]
    let source = HolySource(size: shape.size, holes: shape.holes, seed: UInt64(index))
    let view = FlattenedView(source, name: "flat")
    let whole = try view.bytes(at: 0, count: Int(view.size))
    var generator = SeededGenerator(seed: UInt64(index) + 100)
    let edges = stride(from: 4096, to: view.size, by: Int(Self.mebibyte) + 16)
    let offsets =
      edges.flatMap { [$0 - 1, $0, $0 + 15, $0 + 16] }
      + (0..<30).map { _ in UInt64.random(in: 0..<view.size, using: &generator) }
    for offset in offsets where offset < view.size {
      let count = Int.random(in: 1..<100_000, using: &generator)
      let bytes = try view.bytes(at: offset, count: count)
      #expect(bytes == Array(whole[Int(offset)...].prefix(count)), "at \(offset)")
    }
    #expect(try view.bytes(at: view.size, count: 10).isEmpty)
    #expect(try view.bytes(at: .max, count: 10).isEmpty)
  }
}
