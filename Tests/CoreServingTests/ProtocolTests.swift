import Bytes
import Testing

@testable import CoreServing

/// Literal records of a little-endian machine.
@Suite("The kernel's FUSE records", .enabled(if: FuseProtocol.order == .little))
struct ProtocolTests {
  /// A lookup of `vmcore` in the root directory, number 0x1122.
  private static let lookup: [UInt8] =
    [47, 0, 0, 0, 1, 0, 0, 0, 0x22, 0x11, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    + [UInt8](repeating: 7, count: 16) + Array("vmcore\0".utf8)

  @Test("a request has a head of 40 bytes and a body")
  func request() throws {
    let request = try #require(FuseRequest(Self.lookup))
    #expect(request.operation == FuseOpcode.lookup.rawValue)
    #expect(request.unique == 0x1122)
    #expect(request.node == 1)
    #expect(request.name.map { Array($0) } == Array("vmcore".utf8))
  }

  @Test("a request cut at any length is none")
  func cutRequest() {
    for count in 0..<Self.lookup.count {
      #expect(FuseRequest(Array(Self.lookup.prefix(count))) == nil)
    }
  }

  @Test("a request that claims another length than it has is none", arguments: [0, 46, 48, 255])
  func wrongLength(_ length: UInt8) {
    var bytes = Self.lookup
    bytes[0] = length
    #expect(FuseRequest(bytes) == nil)
  }

  @Test("a name without an end is no name")
  func endlessName() throws {
    var bytes = Self.lookup
    bytes[bytes.count - 1] = 0x61
    #expect(try #require(FuseRequest(bytes)).name == nil)
  }

  @Test("a read request cut short is refused", arguments: [0, 8, 15, 19])
  func cutRead(_ count: Int) {
    let reader = ByteReader([UInt8](repeating: 0, count: count), order: .little)
    #expect(throws: ShortRecord.self) { try FuseReadRequest(from: reader) }
  }

  @Test("the answers have the sizes of the kernel's structures")
  func sizes() throws {
    let attributes = FuseAttributes(node: 2, user: 1, group: 1, time: 3)
    #expect(attributes.attributesAnswer.count == 16 + 88)
    #expect(attributes.lookupAnswer.count == 40 + 88)
    #expect(FuseAnswer.head(count: 5, error: 0, unique: 9) == [21] + .zeros(7) + [9] + .zeros(7))
    #expect(
      FuseAnswer.head(count: 0, error: 38, unique: 1)
        == [16, 0, 0, 0, 0xda, 0xff, 0xff, 0xff, 1] + .zeros(7))
    let offer = try FuseOffer(
      from: ByteReader(
        [7, 0, 0, 0, 40, 0, 0, 0] + [UInt8](repeating: 0xff, count: 56), order: .little))
    let agreement = FuseAgreement(offer: offer).encoded
    #expect(agreement.count == 64)
    #expect(agreement.prefix(8) == [7, 0, 0, 0, 32, 0, 0, 0])
  }

  @Test("a directory entry is padded to 8 bytes")
  func directoryEntry() {
    let entry = FuseDirectoryEntry(node: 2, next: 3, isFolder: false, name: "vmcore")
    #expect(
      entry.encoded == [2] + .zeros(7) + [3] + .zeros(7) + [6, 0, 0, 0, 8, 0, 0, 0]
        + Array("vmcore".utf8) + [0, 0])
  }

  @Test("numbers that were never given out are no nodes", arguments: [0, 3, 4, .max] as [UInt64])
  func unknownNodes(_ number: UInt64) {
    let folder = ServedFolder([ServedFile(name: "a", content: ByteArraySource([1], name: "a"))])
    #expect(folder[number] == nil)
    #expect(folder.attributes(of: number) == nil)
    #expect(folder.attributes(of: 2)?.size == 1)
  }
}

extension [UInt8] {
  fileprivate static func zeros(_ count: Int) -> [UInt8] { .init(repeating: 0, count: count) }
}
