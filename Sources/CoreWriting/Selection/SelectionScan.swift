internal import Bytes
internal import CrashedKernel

/// One pass over all struct pages by any number of threads, in blocks; what comes out does not
/// depend on their number.
struct SelectionScan {
  private let frames: SelectedFrames
  private let census: PageCensus
  private let level: DumpLevel
  private let workers: Int
  private let budget: Budget?
  private let isCancelled: @Sendable () -> Bool
  /// Whether each block is told which of its pages are zero.
  var looksForZeros = false
  private let pool = ChunkPool(size: PageCensus.chunkSize)

  init(
    _ frames: SelectedFrames, _ census: PageCensus, _ level: DumpLevel, budget: Budget?,
    workers: Int, isCancelled: @escaping @Sendable () -> Bool
  ) {
    self.frames = frames
    self.census = census
    self.level = level
    self.budget = budget
    self.workers = workers
    self.isCancelled = isCancelled
  }

  /// Tests all frames; `use` gets the blocks in ascending order.
  ///
  /// - Returns: the number of frames that are in no block, since nothing is held of them, and no
  ///   struct page is.
  @discardableResult
  func run(
    _ use: (PageMarks) throws(SelectionError) -> Void
  ) throws(SelectionError) -> UInt64 {
    var blocks = BlockNumbers(frames.existing)
    var passedOver: UInt64 = 0
    var carried = CarriedGroups()
    try OrderedPipeline(workers: workers).run(
      produce: { () throws(SelectionError) -> Range<UInt64>? in
        if isCancelled() { throw .cancelled }
        do throws(ReadError) {
          while let block = blocks.next() {
            let next = try emptyEnd(from: block.lowerBound).roundedDown(to: PageMarks.blockSize)
            if next > block.lowerBound {
              passedOver += frames.existing.clamped(to: block.lowerBound..<next).length
              blocks.pass(to: next)
              continue
            }
            try budget?.spend(block.length, .parsing, on: "the struct pages")
            return block
          }
          return nil
        } catch {
          throw .read(error)
        }
      },
      work: { (block: Range<UInt64>) throws(SelectionError) -> PageMarks in
        var marks = try test(frames.block(block), from: block.lowerBound)
        if looksForZeros { marks.zeros = try zeros(of: marks) }
        return marks
      },
      consume: { (marks: PageMarks) throws(SelectionError) in
        let settled = try settle(marks, carried)
        carried.add(settled)
        try use(settled)
      })
    return passedOver
  }

  /// Where the frames from one on end of which nothing is held, and that no struct page describes
  /// which may be asked.
  private func emptyEnd(from start: UInt64) throws(ReadError) -> UInt64 {
    let limit = min(start + frames.frames.absent(at: start), frames.frames.end)
    var frame = start
    while frame < limit, let asked = frames.tested.first(in: frame..<limit) {
      let array = try census.model.array(at: asked.lowerBound)
      guard array.address == nil else { return asked.lowerBound }
      try budget?.spend(1, .parsing, on: "the struct pages")
      frame = max(array.frames.upperBound, asked.lowerBound + 1)
    }
    return limit
  }

  private func test(
    _ block: PageMarks, from frame: UInt64
  ) throws(SelectionError) -> PageMarks {
    var marks = block
    let chunk = pool.take()
    defer { pool.giveBack(chunk) }
    guard frame < marks.frames.upperBound else { return marks }
    let ranges = frames.tested.clamped(to: frame..<marks.frames.upperBound).ranges
    do throws(ReadError) {
      try census.test(&marks, ranges, level, with: chunk)
    } catch {
      throw .read(error)
    }
    return marks
  }

  private func zeros(of marks: PageMarks) throws(SelectionError) -> BlockBits {
    var zeros = BlockBits()
    let pages = ZeroPages(frames)
    for part in frames.existing.clamped(to: marks.frames).ranges {
      try pages.visit(part) { part, isZero in
        if isZero { zeros.insert(marks.indices(of: part)) }
      }
    }
    return zeros
  }

  /// What a block is once the groups that reach into it are known.
  private func settle(
    _ marks: PageMarks, _ carried: CarriedGroups
  ) throws(SelectionError) -> PageMarks {
    let groups = carried.groups.filter { $0.frames.overlaps(marks.frames) }
    guard !groups.isEmpty || carried.next > marks.frames.lowerBound else { return marks }
    var settled = marks.hasExclusions ? frames.block(marks.frames) : marks
    settled.zeros = marks.zeros
    settled.reserve(as: marks)
    for group in groups {
      for part in census.protected.gaps(in: group.frames).ranges {
        settled.mark(part, as: group.kind)
      }
    }
    return marks.hasExclusions
      ? try test(settled, from: max(carried.next, marks.frames.lowerBound)) : settled
  }
}

/// Groups that reach beyond their block.
private struct CarriedGroups {
  private(set) var groups: [PageGroup] = []
  /// The first frame that is tested at all.
  private(set) var next: UInt64 = 0

  mutating func add(_ marks: PageMarks) {
    groups.removeAll { $0.frames.upperBound <= marks.frames.upperBound }
    groups += marks.overhangs
    if let next = marks.next { self.next = next }
  }
}

/// The blocks that hold frames, in ascending order, each once.
private struct BlockNumbers {
  private let ranges: [Range<UInt64>]
  private var index = 0
  private var frame: UInt64 = 0

  init(_ set: RangeSet) {
    ranges = set.ranges
  }

  mutating func next() -> Range<UInt64>? {
    while index < ranges.count, ranges[index].upperBound <= frame { index += 1 }
    guard index < ranges.count else { return nil }
    let block = PageMarks.block(of: max(frame, ranges[index].lowerBound))
    frame = block.upperBound
    return block
  }

  /// Goes on at a multiple of a block's size.
  mutating func pass(to next: UInt64) {
    frame = next
  }
}
