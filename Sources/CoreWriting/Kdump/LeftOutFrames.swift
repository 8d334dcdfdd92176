internal import Bytes

/// The frames that a dump which is converted lacks, because makedumpfile filtered them or because
/// they were lost. Their bits are in the dump: no list of them is held.
struct LeftOutFrames: Sendable {
  private let frames: PageFrames
  private let source: any ByteSource
  /// How many there are.
  let count: UInt64

  /// Counts them; nil where there are none.
  init?(_ frames: PageFrames, source: any ByteSource) {
    self.frames = frames
    self.source = source
    var count: UInt64 = 0
    for range in frames.stored {
      LeftOutFrames.forEach(in: range, frames, source) { count += $0.length }
    }
    guard count > 0 else { return nil }
    self.count = count
  }

  /// Visits them in ascending order.
  func forEach(in range: Range<UInt64>, _ body: (Range<UInt64>) -> Void) {
    LeftOutFrames.forEach(in: range, frames, source, body)
  }

  private static func forEach(
    in range: Range<UInt64>, _ frames: PageFrames, _ source: any ByteSource,
    _ body: (Range<UInt64>) -> Void
  ) {
    var frame = range.lowerBound
    while frame < range.upperBound {
      let extent = frames.extent(at: frame, in: source)
      let end = min(extent.end, range.upperBound)
      if extent.kind == .leftOut { body(frame..<end) }
      frame = end
    }
  }
}

/// Whole frames that are alike.
struct FrameExtent {
  enum Kind {
    case data, zeros, leftOut
  }

  var kind: Kind
  /// The frame behind the last one.
  var end: UInt64
}

extension PageFrames {
  /// The frames from `frame` on that are alike; a frame that is not in one piece is data.
  func extent(at frame: UInt64, in source: any ByteSource) -> FrameExtent {
    let single = FrameExtent(kind: .data, end: frame + 1)
    let address = frame * pageSize
    let index = pieces.partitioningIndex { $0.physical.upperBound > address }
    guard index < pieces.count, pieces[index].physical.lowerBound <= address else { return single }
    let piece = pieces[index]
    let offset = piece.offset + (address - piece.physical.lowerBound)
    let extent = source.extent(at: offset)
    guard extent.end > offset else { return single }
    let count = min(extent.end - offset, piece.physical.upperBound - address) / pageSize
    guard count > 0 else { return single }
    let kind: FrameExtent.Kind = extent.isLeftOut ? .leftOut : extent.isHole ? .zeros : .data
    return FrameExtent(kind: kind, end: frame + count)
  }
}
