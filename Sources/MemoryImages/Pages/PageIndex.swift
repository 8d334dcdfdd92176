internal import Bytes

/// Where the pages of a stream stand that holds a record for each, in any order and perhaps several
/// times: 64 neighbouring pages that were met in one go are one entry, so that what is kept in mind
/// is a hundredth of a percent of the memory.
struct PageIndex {
  /// Pages of one group.
  static let groupPages: UInt64 = 64
  /// Entries that a file of any size may have.
  private static let usualEntries: UInt64 = 1 << 22
  /// A larger file may have one for each 16 KiB.
  private static let bytesPerEntry: UInt64 = 16 << 10
  /// Memory that an entry takes, while the list grows.
  private static let entryCost: UInt64 = 64
  /// Entries of one group that are read at most: so often a page can be sent.
  static let mostOfGroup = 1 << 14

  /// Records of pages of one group that follow one another in the file.
  struct Entry {
    /// Offset of the first record.
    let offset: UInt64
    /// The group: page number / 64.
    let group: UInt32
    /// Bytes of all records; the highest bit: whether one of them builds on what was sent before.
    private var size: UInt32 = 0
    /// The pages: one bit each, least significant first.
    fileprivate(set) var pages: UInt64 = 0
    /// Those of them that are zero, and stored as no more than that.
    fileprivate(set) var zeros: UInt64 = 0

    private static let deltaBit: UInt32 = 1 << 31
    /// Bytes of all records at most.
    fileprivate static let largest = UInt64(deltaBit - 1)

    /// An entry without a page.
    fileprivate init(offset: UInt64, group: UInt32) {
      self.offset = offset
      self.group = group
    }

    /// Bytes of all records.
    var length: UInt64 { UInt64(size & ~Entry.deltaBit) }
    /// Whether one of them builds on what was sent before.
    var hasDelta: Bool { size & Entry.deltaBit != 0 }

    /// Adds a page whose record ends at `end`.
    fileprivate mutating func extend(by bit: UInt64, _ kind: Kind, upTo end: UInt64) {
      pages |= bit
      if kind == .zero { zeros |= bit }
      let delta = kind == .delta ? Entry.deltaBit : size & Entry.deltaBit
      size = UInt32(end - offset) | delta
    }
  }

  /// What is known of a page.
  enum Kind {
    case zero
    case delta
    case data
  }

  private var entries: [Entry] = []
  private var isSorted = true
  private let mostEntries: UInt64
  private var payment: RecordPayment

  /// No page of a file yet.
  init(of file: any ByteSource, _ budget: Budget) {
    mostEntries = max(PageIndex.usualEntries, file.size / PageIndex.bytesPerEntry)
    payment = RecordPayment(budget, .keeping, price: PageIndex.entryCost, for: "the list of pages")
  }

  /// Whether there is none.
  var isEmpty: Bool { entries.isEmpty }

  /// Adds a page, whose record stands at `range`; false where there are too many.
  mutating func add(
    _ page: UInt64, _ kind: Kind, at range: Range<UInt64>
  ) throws(ReadError) -> Bool {
    guard let group = UInt32(exactly: page / PageIndex.groupPages) else { return false }
    let bit: UInt64 = 1 << (page % PageIndex.groupPages)
    if let last = entries.last, last.group == group, last.pages & bit == 0,
      last.offset + last.length == range.lowerBound,
      range.upperBound - last.offset <= Entry.largest
    {
      entries[entries.count - 1].extend(by: bit, kind, upTo: range.upperBound)
      return true
    }
    guard UInt64(entries.count) < mostEntries, range.length <= Entry.largest else { return false }
    try payment.payNext()
    isSorted = isSorted && entries.last.map { $0.group <= group } ?? true
    var entry = Entry(offset: range.lowerBound, group: group)
    entry.extend(by: bit, kind, upTo: range.upperBound)
    entries.append(entry)
    return true
  }

  /// Brings the entries of each group together, in the order in which they were met: that of the
  /// file.
  mutating func sort() {
    guard !isSorted else { return }
    entries.sort { ($0.group, $0.offset) < ($1.group, $1.offset) }
    isSorted = true
  }

  /// The entries of a group, the latest last.
  func entries(of group: UInt64) -> ArraySlice<Entry> {
    let start = firstEntry(from: group)
    var end = start
    while end < entries.count, UInt64(entries[end].group) == group { end += 1 }
    return entries[start..<end]
  }

  /// The first group from `group` on that has an entry.
  func nextGroup(from group: UInt64) -> UInt64? {
    let index = firstEntry(from: group)
    return index < entries.count ? UInt64(entries[index].group) : nil
  }

  /// The pages that have a record: ascending, not touching; nil where there are more than `limit`.
  func runs(atMost limit: Int) -> [Range<UInt64>]? {
    var runs: [Range<UInt64>] = []
    var index = 0
    while index < entries.count {
      let group = entries[index].group
      var pages: UInt64 = 0
      while index < entries.count, entries[index].group == group {
        pages |= entries[index].pages
        index += 1
      }
      for bit in 0..<PageIndex.groupPages where pages & (1 << bit) != 0 {
        let page = UInt64(group) * PageIndex.groupPages + bit
        if let last = runs.last, last.upperBound == page {
          runs[runs.count - 1] = last.lowerBound..<page + 1
        } else {
          guard runs.count < limit else { return nil }
          runs.append(page..<page + 1)
        }
      }
    }
    return runs
  }

  /// Number of records of pages that have another one before them.
  var repeatedPages: UInt64 {
    var count: UInt64 = 0
    var seen: (group: UInt32, pages: UInt64) = (0, 0)
    for entry in entries {
      if entry.group != seen.group { seen = (entry.group, 0) }
      count += UInt64((seen.pages & entry.pages).nonzeroBitCount)
      seen.pages |= entry.pages
    }
    return count
  }

  private func firstEntry(from group: UInt64) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if UInt64(entries[middle].group) >= group { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
