internal import Bytes

/// The frames that are left out: by a selection, or of a dump which is converted, because makedumpfile
/// filtered them or because they were lost, or because the image cannot be read there. Their bits are
/// known elsewhere: no list of them is held.
struct LeftOutFrames: Sendable {
  private let frames: PageFrames
  private let hasUnreadable: Bool
  /// How many there are.
  let count: UInt64

  /// Counts them; nil where there are none.
  init?(_ frames: PageFrames) {
    self.frames = frames
    hasUnreadable = frames.hasUnreadablePages
    var count: UInt64 = 0
    for range in frames.stored {
      LeftOutFrames.forEach(in: range, frames, hasUnreadable) { count += $0.length }
    }
    guard count > 0 else { return nil }
    self.count = count
  }

  /// Visits them in ascending order.
  func forEach(in range: Range<UInt64>, _ body: (Range<UInt64>) -> Void) {
    LeftOutFrames.forEach(in: range, frames, hasUnreadable, body)
  }

  private static func forEach(
    in range: Range<UInt64>, _ frames: PageFrames, _ hasUnreadable: Bool,
    _ body: (Range<UInt64>) -> Void
  ) {
    var frame = range.lowerBound
    while frame < range.upperBound {
      let extent = frames.leftOutExtent(at: frame, hasUnreadable: hasUnreadable)
      let end = min(extent.end, range.upperBound)
      if extent.kind == .leftOut { body(frame..<end) }
      frame = end
    }
  }
}
