import Bytes
import MemoryImages
import Testing

@Suite("Memory with two stretches exchanged")
struct ExchangeTests {
  @Test("Bytes are read at the other stretch, and everything else stays where it was")
  func exchanged() throws {
    let memory = try memory(0..<64)
    let swapped = try #require(memory.exchanging(0..<16, with: 32..<48))
    let expected: [UInt8] = Array(32..<48) + Array(16..<32) + Array(0..<16) + Array(48..<64)
    #expect(try swapped.bytes(at: 0, count: 64) == expected)
    #expect(
      try swapped.bytes(at: 10, count: 12) == [42, 43, 44, 45, 46, 47, 16, 17, 18, 19, 20, 21])
    let back = try #require(swapped.exchanging(32..<48, with: 0..<16))
    #expect(try back.bytes(at: 0, count: 64) == Array(0..<64))
  }

  @Test("What the image lacks of one stretch is missing in the other")
  func missing() throws {
    let swapped = try #require(try memory(0..<40).exchanging(0..<16, with: 32..<48))
    #expect(swapped.missing(in: 0..<64) == [8..<16, 48..<64])
    #expect(try swapped.bytes(at: 32, count: 16) == Array(0..<16))
  }

  @Test("Stretches that overlap or differ in length are refused")
  func refused() throws {
    #expect(try memory(0..<64).exchanging(0..<16, with: 8..<24) == nil)
    #expect(try memory(0..<64).exchanging(0..<16, with: 32..<40) == nil)
  }

  private func memory(_ range: Range<UInt8>) throws -> PhysicalMemory {
    try PhysicalMemory(regions: [
      MemoryRegion(range: 0..<UInt64(range.count), source: ByteList(Array(range)), offset: 0)
    ])
  }
}

/// Bytes as a source.
private struct ByteList: ByteSource {
  let name = "bytes"
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  var size: UInt64 { UInt64(bytes.count) }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    let part = bytes.dropFirst(Int(offset)).prefix(buffer.count)
    buffer.copyBytes(from: part)
    return part.count
  }
}
