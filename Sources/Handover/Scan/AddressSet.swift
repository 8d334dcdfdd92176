/// Addresses that lie in any of many ranges, asked for one at a time.
struct AddressSet: Sendable {
  /// Merged, ascending, disjoint.
  private(set) var ranges: [Range<UInt64>] = []

  /// The union of ranges in any order.
  init(_ unsorted: some Sequence<Range<UInt64>>) {
    for range in unsorted.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
      if let last = ranges.last, range.lowerBound <= last.upperBound {
        ranges[ranges.count - 1] =
          last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        ranges.append(range)
      }
    }
  }

  /// Whether some range holds the address.
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
