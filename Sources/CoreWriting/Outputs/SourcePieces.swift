internal import Bytes

/// A stretch of a source that is handled as one.
struct SourcePiece: Sendable {
  /// Offsets in the source.
  var range: Range<UInt64>
  var kind: Kind

  enum Kind {
    /// Bytes to be read.
    case data
    /// Zeros, which is known without reading them.
    case hole
    /// Bytes that the output shares with the source: they need not be written.
    case shared
  }
}

/// Cuts a source into pieces from its start to its end.
struct SourcePieces {
  /// Where pieces end.
  enum Cut {
    /// At each hole and at the multiples of the chunk size; what `PlacedOutput` can share is a piece
    /// of its own.
    case atHoles(sharingWith: PlacedOutput)
    /// At the multiples of the chunk size alone; holes of whole chunks are pieces of their own, but
    /// the last chunk is always one.
    case atChunks
    /// At the multiples of the chunk size, whatever is a hole.
    case anywhere
  }

  /// The usual size of a chunk: it is read, searched and written while the processor's cache holds
  /// it (measured).
  static let usualChunk: UInt64 = 1 << 18

  private let source: any ByteSource
  private let cut: Cut
  private let chunkSize: UInt64
  private let largest: UInt64
  private let end: UInt64
  private var offset: UInt64

  /// The pieces of a source.
  ///
  /// - Parameters:
  ///   - largest: the largest hole, or shared piece, that is not cut.
  ///   - part: what is cut; nil: all of it, as ``Cut/atChunks`` wants.
  init(
    _ source: any ByteSource, cut: Cut, chunkSize: UInt64 = usualChunk, largest: UInt64 = .max,
    part: Range<UInt64>? = nil
  ) {
    offset = part?.lowerBound ?? 0
    end = part?.upperBound ?? source.size
    self.source = source
    self.cut = cut
    self.chunkSize = chunkSize
    self.largest = largest
  }

  /// The next piece; nil at the end.
  mutating func next() -> SourcePiece? {
    guard offset < end else { return nil }
    let piece =
      switch cut {
      case .atHoles(let output): pieceAtHoles(output)
      case .atChunks: pieceAtChunks()
      case .anywhere: data(upTo: limit)
      }
    offset = piece.range.upperBound
    return piece
  }

  /// Where the chunk ends.
  private var limit: UInt64 { min(end, (offset / chunkSize + 1) * chunkSize) }

  private func data(upTo end: UInt64) -> SourcePiece {
    SourcePiece(range: offset..<end, kind: .data)
  }

  /// Up to `end`, but no more than the largest piece.
  private func part(upTo end: UInt64) -> Range<UInt64> {
    offset..<min(end, offset.adding(largest) ?? end)
  }

  private func pieceAtHoles(_ output: PlacedOutput) -> SourcePiece {
    let extent = source.extent(at: offset)
    let part = part(upTo: min(extent.end, end))
    if extent.isHole { return SourcePiece(range: part, kind: .hole) }
    let shared = output.share(source, part)
    if shared > 0 { return SourcePiece(range: offset..<offset + shared, kind: .shared) }
    return data(upTo: Zeros.dataEnd(in: source, from: min(extent.end, limit), limit: limit))
  }

  private func pieceAtChunks() -> SourcePiece {
    let lastChunk = (source.size - 1).roundedDown(to: chunkSize)
    let isLast = offset == lastChunk
    let part = part(upTo: isLast ? source.size : lastChunk)
    let hole = Zeros.holeEnd(in: source, from: offset, limit: part.upperBound)
    let end = isLast ? hole : hole.roundedDown(to: chunkSize)
    let isHole = isLast ? end == source.size : end > offset
    return isHole ? SourcePiece(range: offset..<end, kind: .hole) : data(upTo: limit)
  }
}
