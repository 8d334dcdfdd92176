/// A set of offsets or addresses as ranges: ascending, none empty, none touching the next.
///
/// Each operation takes one pass over both lists. An image may have a million ranges in any order,
/// for which the standard library's set of this name, made by one insertion after the other, takes
/// quadratic time.
package struct RangeSet: Equatable, Sendable {
  /// The ranges: ascending, none empty, none touching the next.
  package private(set) var ranges: [Range<UInt64>] = []

  /// What any of the ranges holds, which may come in any order and overlap.
  package init(_ unsorted: some Sequence<Range<UInt64>>) {
    for range in unsorted.sorted(by: { $0.lowerBound < $1.lowerBound }) { append(range) }
  }

  /// Number of offsets or addresses in the set.
  package var length: UInt64 { ranges.reduce(0) { $0 &+ $1.length } }

  /// Whether some range holds the place.
  package func contains(_ place: UInt64) -> Bool {
    let index = firstRange(endingAfter: place)
    return index < ranges.count && ranges[index].contains(place)
  }

  /// Whether one range holds every place of `part`, which may be none.
  package func covers(_ part: Range<UInt64>) -> Bool {
    let index = firstRange(endingAfter: part.lowerBound)
    return part.isEmpty || (index < ranges.count && ranges[index].covers(part))
  }

  /// The first part of `range` that the set holds.
  package func first(in range: Range<UInt64>) -> Range<UInt64>? {
    let index = firstRange(endingAfter: range.lowerBound)
    guard index < ranges.count, ranges[index].lowerBound < range.upperBound else { return nil }
    return ranges[index].clamped(to: range)
  }

  /// What either set holds.
  package func union(_ other: RangeSet) -> RangeSet {
    RangeSet(ranges + other.ranges)
  }

  /// What the other set does not hold.
  package func subtracting(_ other: RangeSet) -> RangeSet {
    var rest = RangeSet([])
    var index = 0
    for range in ranges {
      var start = range.lowerBound
      while index < other.ranges.count, other.ranges[index].lowerBound < range.upperBound {
        let hole = other.ranges[index]
        if hole.lowerBound > start { rest.append(start..<hole.lowerBound) }
        start = max(start, hole.upperBound)
        // What reaches beyond this range may reach into the next one.
        guard hole.upperBound <= range.upperBound else { break }
        index += 1
      }
      if start < range.upperBound { rest.append(start..<range.upperBound) }
    }
    return rest
  }

  /// The part of the set that lies in `range`.
  package func clamped(to range: Range<UInt64>) -> RangeSet {
    var part = RangeSet([])
    for index in firstRange(endingAfter: range.lowerBound)..<ranges.count {
      guard ranges[index].lowerBound < range.upperBound else { break }
      part.append(ranges[index].clamped(to: range))
    }
    return part
  }

  /// What the set does not hold of `range`.
  package func gaps(in range: Range<UInt64>) -> RangeSet {
    RangeSet([range]).subtracting(clamped(to: range))
  }

  /// Adds a range that begins at none of the addresses before the last one's start.
  private mutating func append(_ range: Range<UInt64>) {
    guard !range.isEmpty else { return }
    if let last = ranges.last, range.lowerBound <= last.upperBound {
      ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
    } else {
      ranges.append(range)
    }
  }

  private func firstRange(endingAfter place: UInt64) -> Int {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound > place { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
