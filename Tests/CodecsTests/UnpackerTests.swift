import Codecs
import Testing

@Suite("What unpacks")
struct UnpackerTests {
  /// zlib, and what is used in its place where it is installed.
  enum Library: CaseIterable {
    case zlib, fastest

    func unpacker() -> (any Unpacker)? {
      self == .zlib ? ZlibUnpacker() : PackedForm.zlib.unpacker()
    }
  }

  /// A page and its stream.
  private static let page = Sample.text
  private static let packed = packed(page)

  private static func packed(_ page: [UInt8]) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: page.count + 4096)
    let count = page.withUnsafeBytes { input in
      output.withUnsafeMutableBytes {
        DeflateEngine.zlib.packer(level: 6, container: .zlib)?.pack(input, into: $0)
      }
    }
    return Array(output[..<(count ?? 0)])
  }

  private func unpack(_ packed: [UInt8], with unpacker: any Unpacker, room: Int) -> [UInt8]? {
    var output = [UInt8](repeating: 0xa5, count: room)
    let count = packed.withUnsafeBytes { input in
      output.withUnsafeMutableBytes { unpacker.unpack(input, into: $0) }
    }
    return count.map { Array(output[..<$0]) }
  }

  @Test("gives every piece again, one after the other", arguments: Library.allCases)
  func pieces(_ library: Library) throws {
    let unpacker = try #require(library.unpacker())
    for piece in Sample.pieces {
      #expect(unpack(Self.packed(piece), with: unpacker, room: piece.count) == piece)
    }
  }

  @Test("says how much came where that is less than there is room for", arguments: Library.allCases)
  func short(_ library: Library) throws {
    let unpacker = try #require(library.unpacker())
    #expect(unpack(Self.packed, with: unpacker, room: Self.page.count + 10) == Self.page)
  }

  @Test("passes over what stands behind a stream", arguments: Library.allCases)
  func trailing(_ library: Library) throws {
    let unpacker = try #require(library.unpacker())
    let padded = Self.packed + [UInt8](repeating: 0x5a, count: 700)
    #expect(unpack(padded, with: unpacker, room: Self.page.count) == Self.page)
  }

  @Test("refuses a stream that gives more than there is room for", arguments: Library.allCases)
  func long(_ library: Library) throws {
    let unpacker = try #require(library.unpacker())
    #expect(unpack(Self.packed, with: unpacker, room: Self.page.count - 1) == nil)
  }

  @Test("refuses a stream that is cut anywhere", arguments: Library.allCases)
  func cut(_ library: Library) throws {
    let unpacker = try #require(library.unpacker())
    for count in Self.packed.indices {
      #expect(unpack(Array(Self.packed[..<count]), with: unpacker, room: 4096) == nil)
    }
  }

  @Test("refuses damage, and goes on with the next stream", arguments: Library.allCases)
  func damage(_ library: Library) throws {
    let unpacker = try #require(library.unpacker())
    for index in Self.packed.indices {
      var packed = Self.packed
      packed[index] ^= 0xff
      #expect(unpack(packed, with: unpacker, room: Self.page.count) != Self.page)
      #expect(unpack(Self.packed, with: unpacker, room: Self.page.count) == Self.page)
    }
  }
}
