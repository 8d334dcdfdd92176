import CoreWriting
import TestSupport
import Testing

@Suite("One bit for each frame")
struct FrameBitsTests {
  /// Ranges of frames, and those of them whose bit is set, ascending.
  private func sample(
    _ generator: inout SeededGenerator
  ) -> (ranges: [Range<UInt64>], set: [Range<UInt64>]) {
    var ranges: [Range<UInt64>] = []
    var set: [Range<UInt64>] = []
    var frame = UInt64.random(in: 0...200, using: &generator)
    for _ in 0..<Int.random(in: 1...6, using: &generator) {
      let end = frame + UInt64.random(in: 1...2_000, using: &generator)
      ranges.append(frame..<end)
      while frame < end {
        let next = min(end, frame + UInt64.random(in: 1...300, using: &generator))
        if Bool.random(using: &generator) { set.append(frame..<next) }
        frame = next
      }
      frame = end + UInt64.random(in: 1...100, using: &generator)
    }
    return (ranges, set)
  }

  @Test("is what was set, in memory and in a file", arguments: 0..<40)
  func bits(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let (ranges, set) = sample(&generator)
    let expected = Set(set.joined())
    for mostMemory in [UInt64.max, 0] {
      var builder = try FrameBits.Builder(ranges, mostMemory: mostMemory)
      for part in set { try builder.set(part) }
      let bits = try builder.finish()
      var found: Set<UInt64> = []
      var frame: UInt64 = 0
      let end = (ranges.last?.upperBound ?? 0) + 10
      while frame < end {
        let stretch = try bits.stretch(at: frame)
        #expect(stretch.end > frame)
        if stretch.isSet { found.formUnion(frame..<stretch.end) }
        frame = stretch.end
      }
      #expect(found == expected, "seed \(seed)")
    }
  }

  @Test("of frames far apart take no room for what lies between")
  func sparse() throws {
    let ranges: [Range<UInt64>] = [0..<64, 1 << 40..<1 << 40 + 64, 1 << 50..<1 << 50 + 1]
    var builder = try FrameBits.Builder(ranges, mostMemory: 3 * 8)
    try builder.set(1 << 50..<1 << 50 + 1)
    let bits = try builder.finish()
    #expect(try bits.stretch(at: 0) == .init(isSet: false, end: 64))
    #expect(try bits.stretch(at: 64) == .init(isSet: false, end: 1 << 40))
    #expect(try bits.stretch(at: 1 << 50) == .init(isSet: true, end: 1 << 50 + 1))
  }
}
