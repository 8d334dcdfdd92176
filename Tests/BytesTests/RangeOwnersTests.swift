import Bytes
import TestSupport
import Testing

struct RangeOwnersTests {
  @Test("overlapping ranges have each what no range before them has")
  func owners() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<200 {
      let ranges = (0..<Int.random(in: 0...8, using: &generator)).map { _ -> Range<UInt64> in
        let start = UInt64.random(in: 0..<40, using: &generator)
        return start..<start + UInt64.random(in: 0...20, using: &generator)
      }
      let parts = RangeOwners(ranges).parts
      for place in 0..<64 as Range<UInt64> {
        let holders = parts.filter { $0.range.contains(place) }.map(\.owner)
        let expected = ranges.firstIndex { $0.contains(place) }.map { [$0] } ?? []
        #expect(holders == expected, "\(ranges)")
      }
      #expect(
        zip(parts, parts.dropFirst()).allSatisfy { $0.range.upperBound <= $1.range.lowerBound })
    }
  }
}
