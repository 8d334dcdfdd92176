import Bytes
import TestSupport
import Testing

@Suite("A map of pieces")
struct PieceMapTests {
  private static func pieces(_ seed: UInt64) -> [PieceMap.Piece] {
    var generator = SeededGenerator(seed: seed)
    return (0..<Int.random(in: 0...12, using: &generator)).map { index in
      let start = UInt64.random(in: 0...30, using: &generator)
      return PieceMap.Piece(
        range: start..<start + UInt64.random(in: 0...12, using: &generator),
        position: UInt64(index) * 1000)
    }
  }

  /// What each offset holds when the pieces are laid down one after the other.
  private static func model(_ pieces: [PieceMap.Piece]) -> [UInt64: UInt64] {
    var model: [UInt64: UInt64] = [:]
    for piece in pieces {
      for offset in piece.range { model[offset] = piece.position + offset - piece.range.lowerBound }
    }
    return model
  }

  private static func content(_ map: PieceMap) -> [UInt64: UInt64] { model(map.pieces) }

  @Test("holds at each offset what the last piece put there, or what the first did")
  func overlaps() {
    for seed in 0..<2000 as Range<UInt64> {
      let pieces = Self.pieces(seed)
      let later = PieceMap(laterWins: pieces)
      #expect(Self.content(later) == Self.model(pieces), "seed \(seed)")
      #expect(
        Self.content(PieceMap(firstWins: pieces)) == Self.model(pieces.reversed()), "seed \(seed)")
      for (piece, next) in zip(later.pieces, later.pieces.dropFirst()) {
        #expect(piece.range.upperBound <= next.range.lowerBound, "seed \(seed)")
      }
    }
  }

  @Test("finds the piece that holds an offset, or the next one")
  func lookUp() {
    let map = PieceMap(laterWins: [
      PieceMap.Piece(range: 40..<50, position: 7), PieceMap.Piece(range: 10..<20, position: 3),
    ])
    #expect(map.end == 50)
    #expect(map.piece(endingAfter: 0)?.position == 3)
    #expect(map.piece(endingAfter: 19)?.position == 3)
    #expect(map.piece(endingAfter: 20)?.position == 7)
    #expect(map.piece(endingAfter: 50) == nil)
  }

  @Test("takes a hundred thousand pieces in reverse order", .timeLimit(.minutes(5)))
  func reversed() {
    let pieces = (0..<100_000 as Range<UInt64>).reversed().map {
      PieceMap.Piece(range: $0 * 10..<$0 * 10 + 10, position: $0)
    }
    let map = PieceMap(laterWins: pieces)
    #expect(map.pieces == pieces.reversed())
  }
}
