/// Of ranges that may overlap, in the order in which they count: which one has each stretch.
///
/// The ranges are painted onto the stretches between all their ends; what is painted already stays.
package struct RangeOwners: Sendable {
  /// The stretches that some range holds, ascending, each with the number of the first one that does.
  package private(set) var parts: [(range: Range<UInt64>, owner: Int)] = []

  /// Settles who has what.
  package init(_ ranges: [Range<UInt64>]) {
    let ends = Set(ranges.flatMap { [$0.lowerBound, $0.upperBound] }).sorted()
    let indices = Dictionary(uniqueKeysWithValues: ends.enumerated().map { ($1, $0) })
    var owners = [Int?](repeating: nil, count: ends.count)
    var next = Array(0...ends.count)
    for (number, range) in ranges.enumerated() {
      let stop = indices[range.upperBound] ?? 0
      var index = RangeOwners.find(indices[range.lowerBound] ?? 0, in: &next)
      while index < stop {
        owners[index] = number
        next[index] = index + 1
        index = RangeOwners.find(index + 1, in: &next)
      }
    }
    for (index, owner) in owners.enumerated() {
      if let owner { parts.append((ends[index]..<ends[index + 1], owner)) }
    }
  }

  /// The first stretch from `index` on that is not painted; shortens the way for the next time.
  private static func find(_ index: Int, in next: inout [Int]) -> Int {
    var root = index
    while next[root] != root { root = next[root] }
    var place = index
    while next[place] != root, place != root {
      (place, next[place]) = (next[place], root)
    }
    return root
  }
}
