internal import Bytes

/// Page frames that one worker packs.
struct PageJob: Sendable {
  var frames: Range<UInt64>
  /// Whether they are known to be zero without being read.
  var isZero: Bool
}

/// The work of a kdump-compressed file, in ascending order. Holes of the image cost nothing.
struct PageJobs {
  private let frames: PageFrames
  private let hasLeftOut: Bool
  private let framesPerJob: UInt64
  private var range = 0
  private var next: UInt64
  /// What the image has up to a frame, as it was asked last: a selection cuts it into many parts.
  private var stored = FrameExtent(kind: .data, end: 0)

  /// Memory of one job, the fastest for compression, too (measured).
  private static let jobSize = SourcePieces.usualChunk
  /// Frames of one job that is a hole.
  private static let mostZeroFrames: UInt64 = 1 << 16

  /// The frames that are stored.
  ///
  /// - Parameter hasLeftOut: whether a dump left some of them out; no job has one of those.
  init(_ frames: PageFrames, hasLeftOut: Bool) {
    self.frames = frames
    self.hasLeftOut = hasLeftOut
    framesPerJob = max(1, PageJobs.jobSize / frames.pageSize)
    next = frames.stored.first?.lowerBound ?? 0
  }

  /// The next job; nil at the end.
  mutating func job() -> PageJob? {
    while range < frames.stored.count {
      let rest = next..<frames.stored[range].upperBound
      let extent = extent(at: next)
      let run = rest.clamped(to: next..<extent.end)
      if extent.kind == .leftOut {
        take(run)
      } else if extent.kind == .zeros, run.length * frames.pageSize >= Zeros.smallestGain {
        let zeros = run.lowerBound..<min(run.upperBound, run.lowerBound + PageJobs.mostZeroFrames)
        return take(PageJob(frames: zeros, isZero: true))
      } else {
        let end = min(rest.upperBound, rest.lowerBound + framesPerJob)
        return take(PageJob(frames: rest.lowerBound..<firstLeftOut(before: end), isZero: false))
      }
    }
    return nil
  }

  private mutating func take(_ job: PageJob) -> PageJob {
    take(job.frames)
    return job
  }

  private mutating func take(_ taken: Range<UInt64>) {
    next = taken.upperBound
    guard next == frames.stored[range].upperBound else { return }
    range += 1
    if range < frames.stored.count { next = frames.stored[range].lowerBound }
  }

  /// Asked of frames in ascending order.
  private mutating func extent(at frame: UInt64) -> FrameExtent {
    let stretch = frames.selection?.stretch(at: frame)
    if let stretch, stretch.isSet { return FrameExtent(kind: .leftOut, end: stretch.end) }
    if frame >= stored.end { stored = frames.storedExtent(at: frame) }
    return FrameExtent(kind: stored.kind, end: min(stored.end, stretch?.end ?? .max))
  }

  /// The first frame from the present one on that is left out; `end` where there is none before it.
  private mutating func firstLeftOut(before end: UInt64) -> UInt64 {
    var frame = hasLeftOut ? next : end
    while frame < end {
      let extent = extent(at: frame)
      if extent.kind == .leftOut { return frame }
      frame = extent.end
    }
    return end
  }
}
