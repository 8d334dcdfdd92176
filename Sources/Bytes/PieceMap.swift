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
    var runs = PieceMap.ascendingRuns(of: pieces)
    while runs.count > 1 {
      runs = stride(from: 0, to: runs.count, by: 2).map { index in
        index + 1 < runs.count
          ? PieceMap.overlay(runs[index + 1], over: runs[index]) : runs[index]
      }
    }
    self.pieces = runs.first ?? []
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

  /// Cuts a list where it stops to be sorted and disjoint.
  private static func ascendingRuns(of pieces: [Piece]) -> [[Piece]] {
    var runs: [[Piece]] = []
    var run: [Piece] = []
    for piece in pieces where !piece.range.isEmpty {
      if let last = run.last, piece.range.lowerBound < last.range.upperBound {
        runs.append(run)
        run = []
      }
      run.append(piece)
    }
    if !run.isEmpty { runs.append(run) }
    return runs
  }

  /// Both lists in one, each sorted and disjoint; of `lower`, what `upper` leaves free.
  private static func overlay(_ upper: [Piece], over lower: [Piece]) -> [Piece] {
    var result: [Piece] = []
    result.reserveCapacity(upper.count + lower.count)
    var next = 0
    for piece in lower {
      var start = piece.range.lowerBound
      while start < piece.range.upperBound {
        while next < upper.count, upper[next].range.upperBound <= start {
          result.append(upper[next])
          next += 1
        }
        guard next < upper.count, upper[next].range.lowerBound < piece.range.upperBound else {
          result.append(piece.cut(to: start..<piece.range.upperBound))
          break
        }
        let cover = upper[next].range
        if cover.lowerBound > start { result.append(piece.cut(to: start..<cover.lowerBound)) }
        start = cover.upperBound
      }
    }
    result.append(contentsOf: upper[next...])
    return result
  }
}
