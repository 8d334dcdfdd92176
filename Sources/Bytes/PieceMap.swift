/// Pieces of one space of offsets and where their bytes stand in another: sorted and disjoint,
/// made of pieces in any order that may hold the same offset several times.
package struct PieceMap: Sendable {
  /// Ascending, not overlapping, none empty.
  package let pieces: [Piece]

  /// A range, and where its first byte stands.
  package struct Piece: Equatable, Sendable {
    /// Offsets in the one space.
    package var range: Range<UInt64>
    /// Offset in the other of the byte at the start of the range.
    package var position: UInt64

    /// The bytes of `range` stand at `position` and behind it.
    package init(range: Range<UInt64>, position: UInt64) {
      self.range = range
      self.position = position
    }

    /// The part of the piece inside `part`.
    func cut(to part: Range<UInt64>) -> Piece {
      Piece(range: part, position: position &+ (part.lowerBound &- range.lowerBound))
    }
  }

  /// Where pieces overlap, the one that comes later in the list wins.
  package init(laterWins pieces: [Piece]) {
    self.init(merging: pieces)
  }

  /// Takes pieces in any order through lists that are sorted and disjoint, each twice as long as the
  /// one before: what was made of the first half is covered by what was made of the second. No more
  /// is held than two lists of all pieces.
  private init(merging pieces: consuming [Piece]) {
    var ends = PieceMap.arrange(&pieces)
    while ends.count > 1 {
      var merged: [Piece] = []
      merged.reserveCapacity(pieces.count)
      var starts = 0
      var mergedEnds: [Int] = []
      for index in stride(from: 0, to: ends.count, by: 2) {
        let middle = ends[index]
        let end = index + 1 < ends.count ? ends[index + 1] : middle
        PieceMap.overlay(pieces[middle..<end], over: pieces[starts..<middle], to: &merged)
        mergedEnds.append(merged.count)
        starts = end
      }
      pieces = merged
      ends = mergedEnds
    }
    self.pieces = pieces
  }

  /// Where pieces overlap, the one that comes first in the list wins.
  package init(firstWins pieces: [Piece]) {
    self.init(laterWins: pieces.reversed())
  }

  /// Offset behind the last byte.
  package var end: UInt64 { pieces.last?.range.upperBound ?? 0 }

  /// The first piece that ends behind `offset`: it holds it, or is the next one.
  package func piece(endingAfter offset: UInt64) -> Piece? {
    var low = 0
    var high = pieces.count
    while low < high {
      let middle = (low + high) / 2
      if pieces[middle].range.upperBound > offset { high = middle } else { low = middle + 1 }
    }
    return low < pieces.count ? pieces[low] : nil
  }

  /// Takes out what is empty, and turns round what falls: records that were written from the end to
  /// the start. Answers where the list stops to be sorted and disjoint.
  private static func arrange(_ pieces: inout [Piece]) -> [Int] {
    pieces.removeAll(where: \.range.isEmpty)
    var ends: [Int] = []
    var start = 0
    while start < pieces.count {
      var end = start + 1
      while end < pieces.count,
        pieces[end].range.upperBound <= pieces[end - 1].range.lowerBound
      {
        end += 1
      }
      if end - start > 1 { pieces[start..<end].reverse() } else { end = start + 1 }
      while end < pieces.count,
        pieces[end].range.lowerBound >= pieces[end - 1].range.upperBound
      {
        end += 1
      }
      ends.append(end)
      start = end
    }
    return ends
  }

  /// Adds both lists as one, each sorted and disjoint; of `lower`, what `upper` leaves free.
  private static func overlay(
    _ upper: ArraySlice<Piece>, over lower: ArraySlice<Piece>, to result: inout [Piece]
  ) {
    var next = upper.startIndex
    for piece in lower {
      var start = piece.range.lowerBound
      while start < piece.range.upperBound {
        while next < upper.endIndex, upper[next].range.upperBound <= start {
          result.append(upper[next])
          next += 1
        }
        guard next < upper.endIndex, upper[next].range.lowerBound < piece.range.upperBound else {
          result.append(piece.cut(to: start..<piece.range.upperBound))
          break
        }
        let cover = upper[next].range
        if cover.lowerBound > start { result.append(piece.cut(to: start..<cover.lowerBound)) }
        start = cover.upperBound
      }
    }
    result.append(contentsOf: upper[next...])
  }
}
