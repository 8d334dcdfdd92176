import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Bytes

@Suite("A device of memory")
struct DeviceFileTests {
  private let directory: TemporaryDirectory
  private let content: [UInt8]
  private let size = Int(DeviceFile.pageSize) * 5

  init() throws {
    var generator = SeededGenerator(seed: 13)
    content = (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) }
    directory = try TemporaryDirectory()
    try directory.file(content, named: "mem")
  }

  @Test("is copied by mapping, from any place and of any length")
  func mappedCopies() throws {
    let file = try DeviceFile(path: directory.path("mem"), isMapped: true)
    var generator = SeededGenerator(seed: 14)
    let ends = [0, 1, 7, 8, 9, 4095, 4096, 4097]
    let random = (0..<500).map { _ in Int.random(in: 0..<size, using: &generator) }
    for start in ends + random {
      let count = Int.random(in: 1...min(size - start, 9000), using: &generator)
      var bytes = [UInt8](repeating: 0xaa, count: count)
      let isCopied = bytes.withUnsafeMutableBytes { file.copyMapped(at: UInt64(start), into: $0) }
      #expect(isCopied)
      #expect(bytes.elementsEqual(content[start..<start + count]), "\(start), \(count) bytes")
    }
  }

  @Test("is never mapped behind the end of a file that stands in for it")
  func mappedEnd() throws {
    let file = try DeviceFile(path: directory.path("mem"), isMapped: true)
    var bytes = [UInt8](repeating: 0xaa, count: 16)
    let end = UInt64(size)
    let places: [UInt64] = [end, end - 8, 1 << 40, UInt64(Int64.max) - 16, .max - 4]
    for place in places {
      #expect(!bytes.withUnsafeMutableBytes { file.copyMapped(at: place, into: $0) })
      #expect(!bytes.withUnsafeMutableBytes { file.read(at: place, into: $0) })
    }
  }

  @Test("says what is in the way of being opened")
  func refusals() throws {
    #expect(DeviceFile.refusal(.notPermitted).contains("lockdown"))
    #expect(DeviceFile.refusal(.noSuchFileOrDirectory).contains("CONFIG_DEVMEM"))
    #expect(!DeviceFile.refusal(.permissionDenied).contains("lockdown"))
    #expect(throws: OpenError.self) { try DeviceFile(path: directory.path) }
  }
}
