import Bytes
import CoreWriting
import DumpRecords
import TestSupport
import Testing

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
