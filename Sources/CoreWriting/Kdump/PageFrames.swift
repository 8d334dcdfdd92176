internal import Bytes
internal import DumpRecords

/// The page frames that the loads of a vmcore hold: each once, though loads may overlap (x86 maps
/// the kernel's text a second time). Where loads hold the same address the first one counts, as it
/// does for makedumpfile and libkdumpfile.
package struct PageFrames: Sendable {
  /// A stretch of physical memory and where it stands in the vmcore.
  struct Piece: Equatable, Sendable {
    var physical: Range<UInt64>
    var offset: UInt64
  }

  let pageSize: UInt64
  /// What the image holds: ascending, disjoint.
  let pieces: [Piece]
  /// Numbers of the frames that the crashed machine had: ascending, merged.
  let existing: [Range<UInt64>]
  /// Numbers of those of which the image holds at least a part.
  let stored: [Range<UInt64>]
  /// Whether memory that the loads promise is lacking.
  let isIncomplete: Bool

  /// Number of the highest frame, plus one.
  var end: UInt64 { existing.last?.upperBound ?? 0 }

  /// Number of frames in ranges.
  static func count(_ ranges: [Range<UInt64>]) -> UInt64 {
    ranges.reduce(0) { $0 &+ $1.length }
  }

  /// The frames of a vmcore's loads.
  ///
  /// - Parameters:
  ///   - missing: offsets in the vmcore that the image lacks, ascending.
  ///   - isKept: whether the loads are those of a dump, which may hold less than they promise.
  init(of header: CoreHeader, pageSize: UInt64, missing: [Range<UInt64>], isKept: Bool = false) {
    self.pageSize = pageSize
    let whole = PageFrames.disjointPieces(of: header, size: \.memorySize)
    let held = isKept ? PageFrames.disjointPieces(of: header, size: \.fileSize) : whole
    pieces = held.flatMap { PageFrames.cut($0, by: missing) }
    existing = PageFrames.frames(of: whole, pageSize)
    stored = PageFrames.frames(of: pieces, pageSize)
    isIncomplete = pieces.count != whole.count || zip(pieces, whole).contains { $0 != $1 }
  }

  /// Paints the loads, in the order of the table, onto the stretches between all their ends; what
  /// is painted already stays.
  private static func disjointPieces(
    of header: CoreHeader, size: (ProgramHeader) -> UInt64
  ) -> [Piece] {
    let loads = header.segments(of: .load).map(\.segment)
      .filter { $0.physicalRange != nil && size($0) > 0 && $0.offset.adding(size($0)) != nil }
      .filter { $0.physicalAddress.adding(size($0)) != nil }
    let ranges = loads.map { $0.physicalAddress..<$0.physicalAddress + size($0) }
    let ends = Set(ranges.flatMap { [$0.lowerBound, $0.upperBound] }).sorted()
    let indices = Dictionary(uniqueKeysWithValues: ends.enumerated().map { ($1, $0) })
    var owners = [Int?](repeating: nil, count: ends.count)
    var next = Array(0...ends.count)
    for (load, range) in ranges.enumerated() {
      let stop = indices[range.upperBound] ?? 0
      var index = find(indices[range.lowerBound] ?? 0, in: &next)
      while index < stop {
        owners[index] = load
        next[index] = index + 1
        index = find(index + 1, in: &next)
      }
    }
    return owners.indices.compactMap { index in
      owners[index].map { owner in
        Piece(
          physical: ends[index]..<ends[index + 1],
          offset: loads[owner].offset + (ends[index] - loads[owner].physicalAddress))
      }
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

  private static func cut(_ piece: Piece, by missing: [Range<UInt64>]) -> [Piece] {
    var kept: [Piece] = []
    var start = piece.offset
    let end = piece.offset + piece.physical.length
    func keep(_ range: Range<UInt64>) {
      guard !range.isEmpty else { return }
      let address = piece.physical.lowerBound + (range.lowerBound - piece.offset)
      kept.append(Piece(physical: address..<address + range.length, offset: range.lowerBound))
    }
    var index = missing.partitioningIndex { $0.upperBound > start }
    while index < missing.count, missing[index].lowerBound < end {
      keep(start..<max(start, missing[index].lowerBound))
      start = min(end, missing[index].upperBound)
      index += 1
    }
    keep(start..<end)
    return kept
  }

  private static func frames(of pieces: [Piece], _ pageSize: UInt64) -> [Range<UInt64>] {
    var frames: [Range<UInt64>] = []
    for piece in pieces {
      let first = piece.physical.lowerBound / pageSize
      let last = (piece.physical.upperBound - 1) / pageSize
      if let previous = frames.last, first <= previous.upperBound {
        frames[frames.count - 1] = previous.lowerBound..<max(previous.upperBound, last + 1)
      } else {
        frames.append(first..<last + 1)
      }
    }
    return frames
  }
}

extension Array {
  /// The first place from which on a condition holds; it must hold for all that follow.
  func partitioningIndex(where holds: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
