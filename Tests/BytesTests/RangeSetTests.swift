import Bytes
import TestSupport
import Testing

@Suite("A set of ranges")
struct RangeSetTests {
  private static let space: Range<UInt64> = 0..<60

  private static func ranges(_ generator: inout SeededGenerator) -> [Range<UInt64>] {
    (0..<Int.random(in: 0...10, using: &generator)).map { _ in
      let start = UInt64.random(in: 0...50, using: &generator)
      return start..<start + UInt64.random(in: 0...9, using: &generator)
    }
  }

  private static func places(_ ranges: [Range<UInt64>]) -> Set<UInt64> { Set(ranges.joined()) }

  private static func isTidy(_ set: RangeSet) -> Bool {
    set.ranges.allSatisfy { !$0.isEmpty }
      && zip(set.ranges, set.ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }
  }

  @Test("does with ranges what a set of their members does")
  func model() {
    for seed in 0..<2000 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let (one, other) = (Self.ranges(&generator), Self.ranges(&generator))
      let (first, second) = (Self.places(one), Self.places(other))
      let set = RangeSet(one)
      let start = UInt64.random(in: 0...50, using: &generator)
      let part = start..<start + UInt64.random(in: 0...20, using: &generator)
      let expected: [(RangeSet, Set<UInt64>)] = [
        (set, first),
        (set.union(RangeSet(other)), first.union(second)),
        (set.subtracting(RangeSet(other)), first.subtracting(second)),
        (set.clamped(to: part), first.intersection(part)),
        (set.gaps(in: part), Set(part).subtracting(first)),
      ]
      for (index, (found, places)) in expected.enumerated() {
        #expect(Self.places(found.ranges) == places, "seed \(seed), \(index)")
        #expect(Self.isTidy(found), "seed \(seed), \(index)")
      }
      #expect(set.length == UInt64(first.count), "seed \(seed)")
      #expect(Self.space.allSatisfy { set.contains($0) == first.contains($0) }, "seed \(seed)")
    }
  }

  @Test("reaches to the last address that 64 bits can say")
  func end() {
    let set = RangeSet([UInt64.max - 2..<UInt64.max, 0..<1])
    #expect(set.ranges == [0..<1, UInt64.max - 2..<UInt64.max])
    #expect(set.gaps(in: 0..<UInt64.max).ranges == [1..<UInt64.max - 2])
    #expect(set.contains(UInt64.max - 1))
    #expect(!set.contains(UInt64.max))
  }

  @Test("takes a million ranges in reverse order", .timeLimit(.minutes(5)))
  func many() {
    let ranges = (0..<1_000_000 as Range<UInt64>).reversed().map { $0 * 10..<$0 * 10 + 5 }
    let set = RangeSet(ranges)
    #expect(set.ranges.count == ranges.count)
    let starts = RangeSet(ranges.map { $0.lowerBound..<$0.lowerBound + 1 })
    #expect(set.subtracting(starts).length == 4_000_000)
  }
}
