internal import Bytes
internal import DumpRecords

/// One file of a dump, after one pass over all its page descriptors and before the first page is
/// read: what cannot be read is refused at once, what is lost or damaged is counted.
struct KdumpVolume: Sendable {
  let directory: KdumpDirectory
  /// Pages whose descriptor was never written, or whose data lies behind the file's end.
  let lost: CountedFrames
  /// Pages whose descriptor cannot be one.
  let damaged: CountedFrames
  /// Where the page of zeros stands that all zero pages share, where there is one.
  let zeroPage: UInt64?

  private static let descriptorsAtOnce: UInt64 = 32_768

  /// Looks at every descriptor.
  ///
  /// - Parameter budget: ends the pass where the run is interrupted.
  init(_ directory: KdumpDirectory, _ budget: Budget) throws(ReadError) {
    var survey = DescriptorSurvey(directory)
    var rank = directory.ranks.lowerBound
    let end = directory.ranks.upperBound
    while rank < end {
      let unwritten = min(survey.unwritten(fromRank: rank), end - rank)
      if unwritten > 0 {
        survey.lost.add(unwritten, fromRank: rank)
        rank += unwritten
        continue
      }
      let count = min(KdumpVolume.descriptorsAtOnce, end - rank)
      try budget.spend(1, .parsing, on: "the page descriptors of the dump")
      try survey.add(count, fromRank: rank)
      rank += count
    }
    self.directory = directory
    lost = try survey.lost.frames(in: directory.dumped)
    damaged = try survey.damaged.frames(in: directory.dumped)
    zeroPage = try survey.zeroPage()
  }
}

/// How many pages are of a sort, and the first of them.
struct CountedFrames: Sendable {
  private(set) var count: UInt64 = 0
  /// The lowest, in ascending order: ranks while the descriptors are looked at, then frames.
  private(set) var first: [UInt64] = []

  fileprivate mutating func add(_ count: UInt64, fromRank rank: UInt64) {
    self.count += count
    let room = UInt64(PageDamage.shown - first.count)
    for index in 0..<min(count, room) { first.append(rank + index) }
  }

  fileprivate func frames(in dumped: KdumpBitmap) throws(ReadError) -> CountedFrames {
    var frames = self
    frames.first = []
    for rank in first {
      if let frame = try dumped.frame(ofRank: rank) { frames.first.append(frame) }
    }
    return frames
  }
}

/// What is seen of the descriptors of one file.
private struct DescriptorSurvey {
  var lost = CountedFrames()
  private(set) var damaged = CountedFrames()
  /// The lowest offset of a page that is not packed.
  private var lowestPlain: UInt64 = .max
  private let directory: KdumpDirectory
  private let source: any ByteSource
  private let blockSize: UInt64

  init(_ directory: KdumpDirectory) {
    self.directory = directory
    source = directory.file.source
    blockSize = directory.file.blockSize
  }

  /// How many descriptors from a rank on stand behind the file's end or in a hole of the file:
  /// none of them was ever written.
  func unwritten(fromRank rank: UInt64) -> UInt64 {
    let place = directory.descriptorOffset(ofRank: rank)
    guard place < source.size else { return .max }
    let extent = source.extent(at: place)
    return extent.isHole && extent.end > place
      ? (extent.end - place) / UInt64(PageDescriptor.size) : 0
  }

  /// Looks at descriptors that follow one another. Many are equal: those of pages of zeros.
  mutating func add(_ count: UInt64, fromRank rank: UInt64) throws(ReadError) {
    let size = PageDescriptor.size
    let bytes = try source.bytes(
      at: directory.descriptorOffset(ofRank: rank), count: Int(count) * size)
    var reader = ByteReader(bytes, order: directory.file.order)
    var known: ArraySlice<UInt8> = []
    for index in 0..<count {
      let place = Int(index) * size
      guard place + size <= bytes.count else {
        lost.add(count - index, fromRank: rank + index)
        return
      }
      let next = bytes[place..<place + size]
      if next == known {
        try? reader.skip(size)
      } else if let descriptor = try? PageDescriptor(from: &reader) {
        known = add(descriptor, rank: rank + index) ? next : []
      }
    }
  }

  /// Whether the page's bytes are there.
  private mutating func add(_ descriptor: PageDescriptor, rank: UInt64) -> Bool {
    switch directory.state(of: descriptor) {
    case .lost: lost.add(1, fromRank: rank)
    case .damaged: damaged.add(1, fromRank: rank)
    case .there:
      if descriptor.flags.isEmpty { lowestPlain = min(lowestPlain, descriptor.offset) }
      return true
    }
    return false
  }

  /// makedumpfile and QEMU store one page of zeros for all, before any other page.
  func zeroPage() throws(ReadError) -> UInt64? {
    guard lowestPlain != .max else { return nil }
    let page = try source.bytes(at: lowestPlain, count: Int(blockSize))
    return page.allSatisfy { $0 == 0 } ? lowestPlain : nil
  }
}
