import Bytes
import CZlib
import Codecs
import TestSupport
import Testing

@Suite("What packs")
struct PackerTests {
  /// An engine that can be used here, with each level and container.
  struct Case: CustomTestStringConvertible {
    let engine: DeflateEngine
    let level: Int
    let container: DeflateContainer

    var testDescription: String { "\(engine.rawValue) \(level) \(container)" }

    static let all = DeflateEngine.allCases.filter(\.isAvailable).flatMap { engine in
      [0, 1, 6, 9].flatMap { level in
        [DeflateContainer.zlib, .gzip].map {
          Case(engine: engine, level: level, container: $0)
        }
      }
    }
  }

  @Test("gives what zlib unpacks again, piece after piece", arguments: Case.all)
  func roundTrip(_ item: Case) throws {
    let packer = try #require(item.engine.packer(level: item.level, container: item.container))
    for piece in Sample.pieces {
      let packed = try #require(pack(piece, with: packer, room: piece.count + 4096))
      #expect(inflated(packed, container: item.container, count: piece.count) == piece)
    }
  }

  @Test("says where there is no room", arguments: Case.all)
  func noRoom(_ item: Case) throws {
    let packer = try #require(item.engine.packer(level: item.level, container: item.container))
    #expect(pack(Sample.noise, with: packer, room: Sample.noise.count / 2) == nil)
    // And goes on with the next piece as if nothing were.
    let packed = try #require(pack(Sample.text, with: packer, room: 2 * Sample.text.count))
    #expect(
      inflated(packed, container: item.container, count: Sample.text.count) == Sample.text)
  }

  @Test("is chosen among what is installed")
  func automatic() {
    #expect(DeflateEngine.zlib.isAvailable)
    #expect(DeflateEngine.automatic.isAvailable)
    #expect(DeflateEngine.automatic != .isal)
    #expect(DeflateEngine.zlib.text.hasPrefix("zlib 1"))
  }

  private func pack(_ piece: [UInt8], with packer: any Packer, room: Int) -> [UInt8]? {
    var output = [UInt8](repeating: 0, count: room)
    let count = piece.withUnsafeBytes { input in
      output.withUnsafeMutableBytes { packer.pack(input, into: $0) }
    }
    return count.map { Array(output[..<$0]) }
  }

  /// Unpacked by zlib itself, of its own stream.
  private func inflated(_ packed: [UInt8], container: DeflateContainer, count: Int) -> [UInt8]? {
    var stream = z_stream()
    guard czlib_inflate_init(&stream, container == .zlib ? 15 : 31) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    var packed = packed
    var output = [UInt8](repeating: 0, count: count + 1)
    let status = packed.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        return inflate(&stream, Z_FINISH)
      }
    }
    guard status == Z_STREAM_END, stream.avail_in == 0 else { return nil }
    return Array(output[..<(output.count - Int(stream.avail_out))])
  }
}
