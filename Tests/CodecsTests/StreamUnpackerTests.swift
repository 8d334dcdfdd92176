import Codecs
import TestConditions
import TestSupport
import Testing

@Suite("A packed stream that is unpacked part by part")
struct StreamUnpackerTests {
  private static let content: [UInt8] = {
    let zeros = [UInt8](repeating: 0, count: 30_000)
    return Sample.text + Sample.noise + zeros + Sample.text + Sample.noise
  }()

  /// What comes of a stream in steps of some sizes; nil where it is damaged or ends early.
  private func unpack(_ packed: [UInt8], _ form: StreamForm, _ sizes: (Int, Int)) -> [UInt8]? {
    guard let stream = form.unpacker() else { return nil }
    var output: [UInt8] = []
    var room = [UInt8](repeating: 0, count: sizes.1)
    var place = 0
    var stalls = 0
    while stalls < 3 {
      let part = Array(packed[place..<min(place + sizes.0, packed.count)])
      let step = part.withUnsafeBytes { input in
        room.withUnsafeMutableBytes { stream.step(input, into: $0) }
      }
      guard let step else { return nil }
      place += step.used
      output += room[..<step.made]
      if step.isAtEnd {
        if place == packed.count { return output }
        guard stream.restart() else { return nil }
      }
      stalls = step.used == 0 && step.made == 0 ? stalls + 1 : 0
    }
    return nil
  }

  // No library unpacks lzop's files: its command does.
  @Test(
    "comes back whatever the steps are, one stream after another",
    arguments: StreamForm.allCases.filter { $0 != .lzop })
  func roundTrip(_ form: StreamForm) throws {
    guard form.unpacker() != nil else { return try OutsideTool.absent("a library of \(form)") }
    let packed =
      form == .zlib
      ? PackedFileModel.deflated(Self.content, isGzip: false)
      : try PackedFileModel.commands[form.rawValue].flatMap {
        try PackedFileModel.packed(Self.content, by: $0)
      }
    guard let packed else { return try OutsideTool.absent("what packs \(form)") }
    #expect(StreamForm(beginning: packed) == form)
    for sizes in [(1 << 20, 1 << 20), (100, 70), (7, 4000), (5000, 3)] {
      #expect(unpack(packed, form, sizes) == Self.content, "\(sizes)")
      #expect(unpack(packed + packed, form, sizes) == Self.content + Self.content, "\(sizes)")
    }
    for count in stride(from: 0, to: packed.count, by: 101) {
      #expect(unpack(Array(packed[..<count]), form, (4000, 4000)) == nil)
    }
  }

  @Test("is told by its first bytes, zlib's by what comes of them")
  func recognition() {
    for window in 9...15 as ClosedRange<Int32> {
      let packed = PackedFileModel.deflated(Sample.text, isGzip: false, windowBits: window)
      #expect(StreamForm(beginning: packed) == .zlib, "\(window)")
    }
    #expect(StreamForm(beginning: [0x78, 0x9c] + Sample.noise) == nil)
    #expect(StreamForm(beginning: [0x78, 0x9c]) == nil)
    #expect(StreamForm(beginning: []) == nil)
    #expect(StreamForm(beginning: [UInt8](repeating: 0, count: 64)) == nil)
    #expect(StreamForm(beginning: Array("\u{7f}ELF".utf8)) == nil)
  }

  @Test("of deflate is taken up at the end of any block")
  func resumed() throws {
    let content = (0..<40).flatMap { _ in Self.content }
    let packed = PackedFileModel.deflated(content, isGzip: true)
    let stream = try #require(InflateStream())
    var output: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 1 << 16)
    var place = 0
    var count = 0
    while place < packed.count {
      let step = try #require(
        packed[place...].withUnsafeBytes { input in
          room.withUnsafeMutableBytes { stream.blockStep(input, into: $0) }
        })
      place += step.used
      output += room[..<step.made]
      guard let bits = stream.blockBits else { continue }
      count += 1
      let window = try #require(stream.window())
      #expect(window.elementsEqual(output.suffix(InflateStream.windowSize)))
      let other = try #require(InflateStream())
      let isReady = window.withUnsafeBytes {
        other.resume(bits: bits, of: packed[place - 1], window: $0)
      }
      #expect(isReady)
      var rest = [UInt8](repeating: 0, count: 10_000)
      let resumed = packed[place...].withUnsafeBytes { input in
        rest.withUnsafeMutableBytes { other.step(input, into: $0) }
      }
      let made = try #require(resumed).made
      #expect(rest[..<made].elementsEqual(content[output.count..<output.count + made]))
    }
    #expect(output == content)
    #expect(count > 2)
  }
}
