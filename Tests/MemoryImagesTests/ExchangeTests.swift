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

  @Test("A stretch that was moved is read at its old place; what lies there now is not seen")
  func redirected() throws {
    let image = try memory(0..<64)
    let crashed = image.redirecting(4..<12, to: 40..<48, of: image)
    let expected = Array(0..<4) + Array(40..<48) + Array(12..<64)
    #expect(try crashed.bytes(at: 0, count: 64) == expected.map(UInt8.init))
  }

  @Test("What the image lacks of the copy is missing at the old place, too")
  func redirectedMissing() throws {
    let image = try memory(0..<44)
    let crashed = image.redirecting(4..<12, to: 40..<48, of: image)
    #expect(crashed.missing(in: 0..<44) == [8..<12])
    let short = image.redirecting(4..<12, to: 40..<42, of: image)
    #expect(short.missing(in: 0..<44) == [6..<12])
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
