internal import Bytes
internal import DumpRecords

/// Looks up frames that are asked for in ascending order, with few reads.
struct KdumpCursor {
  private let directories: [KdumpDirectory]
  /// The last frame that will be asked for.
  private let last: UInt64
  private var index = 0
  /// Of that directory, kept here because one is not cheap to copy for every frame.
  private var range: Range<UInt64> = 0..<0
  private var ranks: Range<UInt64> = 0..<0
  private var words: [UInt64] = []
  private var wordsStart: UInt64 = 0
  private var wordsRank: UInt64 = 0
  private var descriptors: [PageDescriptor] = []
  private var descriptorsRank: UInt64 = 0

  enum Found {
    case absent
    case page(PageDescriptor, directory: Int)
  }

  private static let mostWords: UInt64 = 64
  private static let mostDescriptors: UInt64 = 512
  /// Descriptors of the next read: few where holes alternate with pages, many in a long stretch.
  private var descriptorsAhead: UInt64 = 16

  init(_ directories: [KdumpDirectory], ahead last: UInt64) {
    self.directories = directories
    self.last = last
  }

  /// How far no page is there, told from whole words that were read already; `frame` where that
  /// is not known.
  func absentEnd(from frame: UInt64) -> UInt64 {
    guard frame % 64 == 0, range.contains(frame) else { return frame }
    var end = frame
    while end >= wordsStart, end - wordsStart < UInt64(words.count) * 64,
      words[Int((end - wordsStart) / 64)] == 0
    {
      end += 64
    }
    return min(end, range.upperBound)
  }

  private mutating func select(_ frame: UInt64) -> Bool {
    guard let found = directories.firstIndex(where: { $0.file.range.contains(frame) }) else {
      return false
    }
    index = found
    let directory = directories[found]
    range = directory.file.range.clamped(to: 0..<directory.dumped.frames)
    ranks = directory.ranks
    words = []
    descriptors = []
    return range.contains(frame)
  }

  mutating func find(_ frame: UInt64) throws(ReadError) -> Found {
    guard range.contains(frame) || select(frame) else { return .absent }
    if words.isEmpty || frame < wordsStart || frame - wordsStart >= UInt64(words.count) * 64 {
      let start = frame.roundedDown(to: 64)
      let end = min(max(last, frame), start + KdumpCursor.mostWords * 64 - 1)
      let dumped = directories[index].dumped
      (wordsRank, words) = (try dumped.rank(of: start), try dumped.words(from: start, through: end))
      wordsStart = start
    }
    let place = frame - wordsStart
    let word = words[Int(place / 64)]
    guard word & (1 << (place % 64)) != 0 else { return .absent }
    var rank = wordsRank
    for before in words[..<Int(place / 64)] { rank += UInt64(before.nonzeroBitCount) }
    rank += UInt64((word & ((1 << (place % 64)) &- 1)).nonzeroBitCount)
    guard ranks.contains(rank) else { return .absent }
    if rank < descriptorsRank || rank - descriptorsRank >= UInt64(descriptors.count) {
      let wanted = min(max(last, frame) - frame + 1, ranks.upperBound - rank)
      descriptors = try directories[index].descriptors(
        fromRank: rank, count: Int(min(wanted, descriptorsAhead)))
      descriptorsAhead = min(4 * descriptorsAhead, KdumpCursor.mostDescriptors)
      descriptorsRank = rank
    }
    return .page(descriptors[Int(rank - descriptorsRank)], directory: index)
  }
}
