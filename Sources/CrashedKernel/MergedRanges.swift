/// Ranges in any order, overlapping or not, as a set of addresses that is quick to ask.
struct MergedRanges {
  private var ranges: [Range<UInt64>] = []

  /// The addresses in any of `others`.
  init(_ others: [Range<UInt64>]) {
    for range in others.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
      if let last = ranges.last, range.lowerBound <= last.upperBound {
        ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        ranges.append(range)
      }
    }
  }

  /// Whether one of the ranges contains the address.
  func contains(_ address: UInt64) -> Bool {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound > address { high = middle } else { low = middle + 1 }
    }
    return low < ranges.count && ranges[low].contains(address)
  }
}
