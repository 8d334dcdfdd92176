internal import Bytes
internal import CrashedKernel

/// Frames in a row, and which of them are kept.
struct KeptBlock: Sendable {
  let frames: Range<UInt64>
  /// Those that are kept: ascending, merged.
  private(set) var kept: [Range<UInt64>] = []
  /// Frames that are left out because they are zero.
  var zeros: UInt64 = 0

  init(_ frames: Range<UInt64>) {
    self.frames = frames
  }

  /// Keeps frames behind all that are kept already.
  mutating func keep(_ part: Range<UInt64>) {
    if let last = kept.last, last.upperBound == part.lowerBound {
      kept[kept.count - 1] = last.lowerBound..<part.upperBound
    } else {
      kept.append(part)
    }
  }
}

/// Which frames are kept of a selection, those of zeros included where its level leaves them out.
struct KeptFrames: Sendable {
  private let selection: PageSelection
  private let frames: SelectedFrames
  private let workers: Int
  private let isCancelled: @Sendable () -> Bool
  private let zeroPages: ZeroPages

  /// Frames of one job.
  private static let blockSize: UInt64 = 1 << 12

  init(
    _ selection: PageSelection, _ frames: SelectedFrames, workers: Int,
    isCancelled: @escaping @Sendable () -> Bool
  ) {
    self.selection = selection
    self.frames = frames
    self.workers = workers
    self.isCancelled = isCancelled
    zeroPages = ZeroPages(frames)
  }

  /// Frames that are looked at for the price of one record: most are alike.
  private static let framesInRecord: UInt64 = 64

  private static func pay(for count: UInt64, _ budget: Budget?) throws(SelectionError) {
    do throws(ReadError) {
      try budget?.spend(count / framesInRecord + 1, .parsing, on: "the pages of the loads")
    } catch {
      throw .read(error)
    }
  }

  /// Goes through frames in order, by all workers.
  ///
  /// - Parameter owned: frames whose zeros are counted, where they are not all of them.
  func run(
    _ range: Range<UInt64>, owned: RangeSet?,
    _ use: (KeptBlock) throws(SelectionError) -> Void
  ) throws(SelectionError) {
    var next = range.lowerBound
    try OrderedPipeline(workers: workers).run(
      produce: { () throws(SelectionError) -> Range<UInt64>? in
        if isCancelled() { throw .cancelled }
        guard next < range.upperBound else { return nil }
        let start = next
        let block = start.roundedDown(to: KeptFrames.blockSize) + KeptFrames.blockSize
        // Of what nobody holds there is nothing to read.
        next = min(range.upperBound, max(block, start + frames.frames.absent(at: start)))
        let alike = (next - start) / FrameBits.framesAtOnce
        try KeptFrames.pay(for: min(next - start, KeptFrames.blockSize + alike), frames.budget)
        return start..<next
      },
      work: { (part: Range<UInt64>) throws(SelectionError) -> KeptBlock in
        try block(part, owned)
      },
      consume: use)
  }

  private func block(
    _ part: Range<UInt64>, _ owned: RangeSet?
  ) throws(SelectionError) -> KeptBlock {
    var block = KeptBlock(part)
    if let held = frames.held, held.first(in: part) == nil { return block }
    var frame = part.lowerBound
    while frame < part.upperBound {
      let stretch = selection.stretch(at: frame)
      let end = min(part.upperBound, stretch.end)
      if !stretch.isSet {
        for held in frames.held.map({ $0.clamped(to: frame..<end).ranges }) ?? [frame..<end] {
          try keep(held, in: &block, owned)
        }
      }
      frame = end
    }
    return block
  }

  /// Keeps frames that a selection does not leave out, but for those that a dump lacks or that are
  /// zero.
  private func keep(
    _ part: Range<UInt64>, in block: inout KeptBlock, _ owned: RangeSet?
  ) throws(SelectionError) {
    guard selection.level.contains(.zero) else {
      var frame = part.lowerBound
      while frame < part.upperBound {
        let extent = frames.frames.leftOutExtent(at: frame)
        let end = min(part.upperBound, extent.end)
        if extent.kind != .leftOut { block.keep(frame..<end) }
        frame = end
      }
      return
    }
    var zeros: UInt64 = 0
    try zeroPages.visit(part) { part, isZero in
      if isZero {
        zeros += owned?.clamped(to: part).length ?? part.length
      } else {
        block.keep(part)
      }
    }
    block.zeros += zeros
  }
}
