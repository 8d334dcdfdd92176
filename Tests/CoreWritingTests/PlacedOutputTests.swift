import Bytes
import CoreWriting
import Glibc
import TestSupport
import Testing

@Suite("A file that is written in place")
struct PlacedOutputTests {
  private static let page = [UInt8](repeating: 7, count: 4096)
  private static let zeroPage = [UInt8](repeating: 0, count: 4096)

  @Test("has holes where whole blocks are zero, in whatever piece they come")
  func holes() throws {
    let file = try OpenTestFile()
    let output = try file.placed()
    let bytes = Self.page + Self.zeroPage + Self.page + Self.zeroPage + [0, 0, 1]
    try output.put(bytes, at: 0)
    try output.put(Self.zeroPage, at: 0x10000)
    try output.finish(size: 0x11000)
    #expect(
      try file.bytes() == bytes + [UInt8](repeating: 0, count: 0x11000 - bytes.count))
    #expect(file.space == 3 * 4096)
  }

  @Test("has its blocks where those of the file are, wherever the output begins")
  func alignment() throws {
    let file = try OpenTestFile(holding: [9])
    let output = try file.placed(from: 1)
    // One byte before a block of the file begins, and one behind it; zeros between them.
    let bytes = [UInt8](repeating: 0, count: 4094) + [1] + Self.zeroPage + [1]
    try output.put(bytes, at: 0)
    try output.finish(size: UInt64(bytes.count))
    #expect(try file.bytes() == [9] + bytes)
    #expect(file.space == 2 * 4096)
  }

  @Test("has every byte written where it held something before")
  func overwriting() throws {
    let file = try OpenTestFile(holding: [UInt8](repeating: 0xee, count: 20_000))
    let output = try file.placed(from: 100, leavesHoles: false)
    try output.put(Self.zeroPage, at: 0)
    try output.putZeros(4096..<12_000)
    try output.put([1, 2], at: 12_000)
    try output.finish(size: 12_002)
    let bytes = try file.bytes()
    #expect(bytes.count == 20_000)
    #expect(bytes[..<100].allSatisfy { $0 == 0xee })
    #expect(bytes[100..<12_100].allSatisfy { $0 == 0 })
    #expect(Array(bytes[12_100..<12_103]) == [1, 2, 0xee])
  }

  @Test("writes large stretches of zeros where it has to")
  func manyZeros() throws {
    let file = try OpenTestFile()
    let output = try file.placed(leavesHoles: false)
    try output.putZeros(3..<3_000_000)
    try output.finish(size: 3_000_000)
    #expect(file.space >= 3_000_000 - 4096)
    #expect(try file.bytes() == [UInt8](repeating: 0, count: 3_000_000))
  }

  @Test("reaches its size, and the next program goes on behind it")
  func end() throws {
    let file = try OpenTestFile(holding: [1, 2, 3])
    let output = try file.placed(from: 3)
    try output.putZeros(0..<5000)
    try output.finish(size: 5000)
    #expect(file.offset == 5003)
    #expect(try file.bytes().count == 5003)
    #expect(file.space <= 4096)
  }

  @Test("has a digest of what was written, not of what lies around it", arguments: [true, false])
  func digest(_ leavesHoles: Bool) throws {
    let file = try OpenTestFile(holding: [UInt8](repeating: 3, count: leavesHoles ? 10 : 9000))
    let output = try file.placed(from: 10, leavesHoles: leavesHoles, hasDigest: true)
    // Not in order.
    try output.put([5, 6], at: 5000)
    try output.put([1, 2], at: 0)
    try output.putZeros(2..<5000)
    try output.finish(size: 5002)
    #expect(
      try output.digest() == ([1, 2] + [UInt8](repeating: 0, count: 4998) + [5, 6]).digest)
  }

  @Test("has no digest where none was asked for")
  func noDigest() throws {
    let file = try OpenTestFile()
    let output = try file.placed()
    try output.finish(size: 1)
    #expect(try output.digest() == nil)
  }

  @Test("tells where it could not be written, and of how much", arguments: [nil, 100])
  func failure(_ size: UInt64?) throws {
    let file = try OpenTestFile()
    let reading = open("/proc/self/fd/\(file.descriptor)", O_RDONLY)
    defer { close(reading) }
    let target = OutputDescriptor(
      inPlace: reading, name: "out", leavesHoles: true, monitor: WriteMonitor())
    let output = try #require(target.placed(size: size))
    let error = #expect(throws: WriteError.self) { try output.put([1], at: 77) }
    let place = size == nil ? "at offset 77" : "at 77 of 100 bytes"
    #expect(error == WriteError(.failed, "out: Bad file descriptor, \(place)"))
  }
}
