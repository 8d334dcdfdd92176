import Bytes
import Codecs
import CoreWriting
import Foundation
import TestSupport
import Testing

@Suite("A source that is written as a gzip file")
struct GzipWriterTests {
  private func written(_ source: HolySource, level: Int, workers: Int) throws -> [UInt8] {
    let file = try OpenTestFile()
    try GzipWriter(
      source, compression: Compression(engine: .zlib, level: level), workers: workers,
      monitor: WriteMonitor()
    ).write(to: file.ordered())
    return try file.bytes()
  }

  @Test("is the same for any number of workers, and the source again", arguments: [0, 1, 9])
  func roundTrip(_ level: Int) throws {
    for source in [HolySource(random: 20, size: 1_000_003), HolySource(size: 5, seed: 21)] {
      let bytes = try written(source, level: level, workers: 1)
      #expect(try written(source, level: level, workers: 3) == bytes)
      let members = try GzipModel.members(bytes)
      #expect(difference(members.flatMap(\.self), source.bytes) == nil)
      let sizes = members.map(\.count)
      #expect(sizes.dropLast().allSatisfy { $0 == 1 << 18 })
      #expect(sizes.last == (source.bytes.count - 1) % (1 << 18) + 1)
    }
  }

  @Test("has the same member for the same zeros, whether they are a hole or not")
  func zeros() throws {
    let quarter: UInt64 = 1 << 18
    let hole = HolySource(size: 1 << 20, holes: [quarter..<4 * quarter], seed: 22)
    let zeros = HolySource(size: 1 << 20, zeros: [quarter..<4 * quarter], seed: 22)
    let bytes = try written(hole, level: 1, workers: 2)
    #expect(try written(zeros, level: 1, workers: 2) == bytes)
    #expect(bytes.count < 1 << 18 + 3000)
  }
}
