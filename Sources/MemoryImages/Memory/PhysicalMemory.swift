package import Bytes

/// The physical memory of a machine, as far as an image holds it: sorted, disjoint regions and a
/// read at a physical address. Every image format ends in such a table.
package struct PhysicalMemory: Sendable {
  /// Ascending, not overlapping, none empty.
  package let regions: [MemoryRegion]
  /// What reading it may cost; nil where nobody counts.
  package var budget: Budget?

  /// Memory made of regions in any order.
  ///
  /// - Throws: ``OverlappingRegions`` where two of them hold the same address.
  package init(regions: [MemoryRegion]) throws(OverlappingRegions) {
    let sorted = regions.filter { !$0.range.isEmpty }
      .sorted { $0.range.lowerBound < $1.range.lowerBound }
    for (first, second) in zip(sorted, sorted.dropFirst())
    where first.range.upperBound > second.range.lowerBound {
      throw OverlappingRegions(first: first, second: second)
    }
    self.regions = sorted
  }

  /// Memory made of one region.
  package init(region: MemoryRegion) {
    regions = region.range.isEmpty ? [] : [region]
  }

  /// Memory made of regions that are in order already and do not overlap.
  package init(disjoint regions: [MemoryRegion]) {
    self.regions = regions
  }

  /// Memory made of pieces of one source, which do not overlap.
  package init(_ map: PieceMap, in source: any ByteSource) {
    regions = map.pieces.map {
      MemoryRegion(range: $0.range, source: source, offset: $0.position)
    }
  }

  /// Memory of which nothing is there.
  package static let nothing = PhysicalMemory(disjoint: [])

  /// The same for readers whose number of reads no image decides.
  package var uncounted: PhysicalMemory {
    var memory = self
    memory.budget = nil
    return memory
  }

  /// The most that a byte of it costs.
  package var readCost: UInt64 { regions.reduce(1) { max($0, $1.source.readCost) } }

  /// Address behind the last byte; 0 where there is no memory.
  package var end: UInt64 { regions.last?.range.upperBound ?? 0 }

  /// Where the image has memory for certain, neighbours not joined.
  package var known: [Range<UInt64>] { regions.filter { !$0.isAssumed }.map(\.range) }

  /// Number of bytes that the image holds.
  package var size: UInt64 { regions.reduce(0) { $0 &+ $1.range.length } }

  /// A stretch of addresses inside one region, or in none.
  package enum Stretch: Sendable {
    case present(Range<UInt64>, MemoryRegion)
    case absent(Range<UInt64>)

    /// Whether some address of the range that it begins is in the image.
    package func isPartOrPresent(of whole: Range<UInt64>) -> Bool {
      switch self {
      case .present: true
      case .absent(let gap): gap != whole
      }
    }

    /// The addresses of the stretch.
    package var range: Range<UInt64> {
      switch self {
      case .present(let range, _), .absent(let range): range
      }
    }
  }

  /// The first stretch of `range`: what holds its lowest address, and how far that reaches.
  package func firstStretch(of range: Range<UInt64>) -> Stretch {
    let index = firstRegion(endingAfter: range.lowerBound)
    guard index < regions.count else { return .absent(range) }
    let region = regions[index]
    if region.range.lowerBound <= range.lowerBound {
      let end = min(range.upperBound, region.range.upperBound)
      return .present(range.lowerBound..<end, region)
    }
    return .absent(range.lowerBound..<min(range.upperBound, region.range.lowerBound))
  }

  /// Reads a whole range; bytes that the image lacks become zero.
  ///
  /// - Returns: the number of bytes that the image holds.
  @discardableResult
  package func read(
    at address: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    try budget?.spend(Budget.callCost, .reading, on: "the structures in memory")
    var present = 0
    var done = 0
    while done < buffer.count {
      guard let start = address.adding(UInt64(done)), start < .max else {
        unsafe clear(buffer, from: done, count: buffer.count - done)
        return present
      }
      let wanted = start..<(start.adding(UInt64(buffer.count - done)) ?? .max)
      switch firstStretch(of: wanted) {
      case .absent(let range):
        let count = Int(range.length)
        unsafe clear(buffer, from: done, count: count)
        done += count
      case .present(let range, let region):
        let count = Int(range.length)
        try budget?.spend(
          UInt64(count) &* region.source.readCost, .reading, on: "the structures in memory")
        let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
        try unsafe PhysicalMemory.fill(part, from: region, at: range.lowerBound)
        present += count
        done += count
      }
    }
    return present
  }

  /// `count` bytes, or nil where the image lacks one of them.
  package func bytes(at address: UInt64, count: Int) throws(ReadError) -> [UInt8]? {
    let (bytes, present) = try paddedBytes(at: address, count: count)
    return present == count ? bytes : nil
  }

  /// `count` bytes, zero where the image lacks them, and how many it holds.
  package func paddedBytes(
    at address: UInt64, count: Int
  ) throws(ReadError) -> (bytes: [UInt8], present: Int) {
    var bytes = [UInt8](repeating: 0, count: max(0, count))
    let present = try unsafe bytes.withMutableBytes { buffer throws(ReadError) in
      try unsafe read(at: address, into: buffer)
    }
    return (bytes, present)
  }

  /// The parts of `range` that the image lacks.
  package func missing(in range: Range<UInt64>) -> [Range<UInt64>] {
    var missing: [Range<UInt64>] = []
    var rest = range
    while !rest.isEmpty {
      switch firstStretch(of: rest) {
      case .absent(let gap):
        missing.append(gap)
        rest = gap.upperBound..<rest.upperBound
      case .present(let part, _):
        rest = part.upperBound..<rest.upperBound
      }
    }
    return missing
  }

  /// The addresses that the image holds, neighbours joined: for many questions at once.
  package var present: RangeSet { RangeSet(regions.lazy.map(\.range)) }

  /// Whether the image holds every byte of `range`.
  package func holds(_ range: Range<UInt64>) -> Bool { missing(in: range).isEmpty }

  /// Whether bytes of `range` are not what was in memory: the image lacks them, or zeros stand for
  /// what is left out or lost, as reads of it have shown.
  package func lacksBytes(of range: Range<UInt64>) -> Bool {
    var rest = range
    while !rest.isEmpty {
      guard case .present(let part, let region) = firstStretch(of: rest) else { return true }
      let place = region.sourceOffset(of: part.lowerBound)
      if region.source.firstUnreadable(in: place..<place + part.length) != nil { return true }
      let extent = region.source.extent(at: place)
      if extent.isLeftOut { return true }
      // At least a byte, whatever the source says.
      let length = max(1, min(part.length, extent.end - min(place, extent.end)))
      rest = part.lowerBound + length..<rest.upperBound
    }
    return false
  }

  private func firstRegion(endingAfter address: UInt64) -> Int {
    var low = 0
    var high = regions.count
    while low < high {
      let middle = (low + high) / 2
      if regions[middle].range.upperBound > address { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private static func fill(
    _ buffer: UnsafeMutableRawBufferPointer, from region: MemoryRegion, at address: UInt64
  ) throws(ReadError) {
    let offset = region.sourceOffset(of: address)
    let count = try unsafe region.source.read(at: offset, into: buffer)
    guard count == buffer.count else {
      throw ReadError(
        source: region.source.name, offset: offset &+ UInt64(count),
        reason: "the file ends here, expected it to go on to offset "
          + "\((offset &+ UInt64(buffer.count)).hex): it shrank while it was read")
    }
  }

  private func clear(_ buffer: UnsafeMutableRawBufferPointer, from start: Int, count: Int) {
    unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + count])
      .initializeMemory(as: UInt8.self, repeating: 0)
  }
}

/// Two regions hold the same address.
package struct OverlappingRegions: Error {
  /// The one that begins first.
  package let first: MemoryRegion
  /// The one that begins before the first ends.
  package let second: MemoryRegion
}
