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
  private let source: any ByteSource
  private let framesPerJob: UInt64
  private var range = 0
  private var next: UInt64
  /// Up to which offset of the source data is known to follow.
  private var dataEnd: UInt64 = 0

  /// Memory of one job: 256 KiB, the fastest for compression (measured).
  private static let jobSize: UInt64 = 1 << 18
  /// Holes below this are read like data.
  private static let smallestHole: UInt64 = 1 << 16
  /// Frames of one job that is a hole.
  private static let mostZeroFrames: UInt64 = 1 << 16

  /// The frames that are stored.
  init(_ frames: PageFrames, source: any ByteSource) {
    self.frames = frames
    self.source = source
    framesPerJob = max(1, PageJobs.jobSize / frames.pageSize)
    next = frames.stored.first?.lowerBound ?? 0
  }

  mutating func job() -> PageJob? {
    guard range < frames.stored.count else { return nil }
    let end = frames.stored[range].upperBound
    var job = PageJob(frames: next..<min(end, next + framesPerJob), isZero: false)
    if let hole = hole(at: next, end: end) { job = PageJob(frames: hole, isZero: true) }
    next = job.frames.upperBound
    if next == end {
      range += 1
      if range < frames.stored.count { next = frames.stored[range].lowerBound }
    }
    return job
  }

  /// The frames from `frame` on that are a hole of the image as a whole.
  private mutating func hole(at frame: UInt64, end: UInt64) -> Range<UInt64>? {
    let address = frame * frames.pageSize
    let index = frames.pieces.partitioningIndex { $0.physical.upperBound > address }
    guard index < frames.pieces.count else { return nil }
    let piece = frames.pieces[index]
    guard piece.physical.lowerBound <= address else { return nil }
    let offset = piece.offset + (address - piece.physical.lowerBound)
    if offset < dataEnd, piece.offset + piece.physical.length >= dataEnd { return nil }
    let extent = source.extent(at: offset)
    guard extent.isHole, extent.end > offset else {
      dataEnd = extent.end
      return nil
    }
    let length = min(extent.end - offset, piece.physical.upperBound - address)
    guard length >= PageJobs.smallestHole else { return nil }
    let count = min(length / frames.pageSize, PageJobs.mostZeroFrames, end - frame)
    return count > 0 ? frame..<frame + count : nil
  }
}
