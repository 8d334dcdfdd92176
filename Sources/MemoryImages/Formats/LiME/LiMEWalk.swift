internal import Bytes
internal import DumpRecords

/// One pass over the headers of a LiME or AVML file, from one to the next, each of which says whether
/// its range is packed. A file that ends early is used as far as it goes.
struct LiMEWalk {
  /// Where the bytes of each range stand: in the file, or behind its end, where the unpacked ones
  /// follow.
  private(set) var pieces: [PieceMap.Piece] = []
  /// Of packed blocks: where they can be unpacked from.
  private(set) var index = AVMLIndex()
  /// What is wrong with the file, though it can be read.
  private(set) var warnings: [Finding] = []
  /// Whether some range is packed.
  private(set) var hasPacked = false
  /// Memory of packed blocks whose chunks cannot be found.
  var lost: RangeSet { RangeSet(lostRanges) }

  private let source: any ByteSource
  private let format: String
  private let kind: LiMEHeader.Kind
  private let order: ByteOrder
  private let budget: Budget
  private var payment: RecordPayment
  private var chunks: AVMLChunks
  private var lostRanges: [Range<UInt64>] = []
  /// Whether ranges are lost, or may be, whose addresses nobody knows.
  private var isCut = false
  /// Whether there are others behind one of them.
  private var hasGap = false
  private var position: UInt64 = 0
  private var count = 0
  /// Bytes of the largest range.
  private var largest: UInt64 = 0
  /// Where ranges of a whole block end.
  private var blockEnds: Set<UInt64> = []

  /// Ranges at most: the blocks of 8 TiB.
  private static let mostRanges = 1 << 19
  /// AVML's blocks, counted from the start of a range.
  private static let blockSize: UInt64 = 16 << 20
  /// So much that is zero may follow a block where a range is not known to go on.
  private static let mostZeros: UInt64 = 1 << 30

  /// Begins at the first header.
  init(
    _ source: any ByteSource, _ format: String, _ kind: LiMEHeader.Kind, _ order: ByteOrder,
    _ budget: Budget
  ) {
    self.source = source
    self.format = format
    self.kind = kind
    self.order = order
    self.budget = budget
    payment = RecordPayment(budget, for: "the ranges of the \(format) file")
    chunks = AVMLChunks(of: source, budget)
  }

  /// Walks to the end of the file.
  mutating func run() throws(ImageError) {
    while position < source.size {
      try rethrow(as: ImageError.init(reading:), payment.payNext())
      guard let (kind, range) = try nextRange() else {
        if try passOver() { continue }
        return
      }
      count += 1
      guard count <= LiMEWalk.mostRanges else {
        throw error("is one of more than \(LiMEWalk.mostRanges) ranges")
      }
      largest = max(largest, range.length)
      if range.length == LiMEWalk.blockSize { blockEnds.insert(range.upperBound) }
      position += UInt64(LiMEHeader.size)
      switch kind {
      case .plain:
        guard try take(range) else { return }
      case .packed:
        hasPacked = true
        guard try unpack(range) else { return }
      }
    }
  }

  // MARK: Headers

  private var hasMemory: Bool { !pieces.isEmpty || !lostRanges.isEmpty }

  /// The range that the header here names; nil where there is none.
  private func nextRange() throws(ImageError) -> (LiMEHeader.Kind, Range<UInt64>)? {
    let bytes = try rethrow(
      as: ImageError.init(reading:), source.bytes(at: position, count: LiMEHeader.size))
    return LiMEHeader.range(bytes, order)
  }

  /// So much of the file is searched for a header behind something else.
  private static let farthest: UInt64 = 64 << 20

  /// Moves over what is no header.
  ///
  /// - Returns: whether there is one behind.
  private mutating func passOver() throws(ImageError) -> Bool {
    let bytes = try rethrow(
      as: ImageError.init(reading:), source.bytes(at: position, count: LiMEHeader.size))
    var reader = ByteReader(bytes, order: order)
    let mark = [LiMEHeader.Kind.plain, .packed].contains { kind in
      kind.magic(order).map { bytes.starts(with: $0.prefix(bytes.count)) } ?? false
    }
    let header: LiMEHeader?
    do throws(ShortRecord) { header = try LiMEHeader(from: &reader) } catch {
      if mark || !hasMemory {
        try end("inside the header at \(position.hex)")
      } else {
        addJunk(bytes)
      }
      return false
    }
    guard hasMemory else { throw error(fault(of: header, bytes)) }
    let place = "the \(format) header at \(position.hex) \(fault(of: header, bytes))"
    // Behind a block stands its length, whatever became of its header.
    let stream = position + UInt64(LiMEHeader.size)
    if hasPacked,
      let end = try AVMLRescue.end(
        of: chunks, from: stream, count: max(largest, LiMEWalk.blockSize))
    {
      (isCut, hasGap) = (true, true)
      warnings.append(
        Finding(
          "\(Message(place)): the memory behind it, packed in \(end - stream) bytes, is left out",
          isPartial: true))
      position = end + AVMLChunks.trailerSize
      return true
    }
    let goesOn = mark ? true : try isHeaderBehind()
    if goesOn {
      isCut = true
      warnings.append(
        Finding("\(Message(place)): what follows is left out", isPartial: true))
    } else {
      addJunk(bytes)
    }
    return false
  }

  /// What a copy put behind the last range: zeros pad that of a device.
  private mutating func addJunk(_ bytes: [UInt8]) {
    guard bytes.contains(where: { $0 != 0 }) else { return }
    warnings.append(
      Finding(
        "the \(format) file is followed by something else at \(position.hex), which is left out"))
  }

  /// Whether a range of this dump begins somewhere behind.
  private func isHeaderBehind() throws(ImageError) -> Bool {
    var place = position + 1
    let end = min(source.size, position + LiMEWalk.farthest)
    let magics = [LiMEHeader.Kind.plain, .packed].compactMap { $0.magic(order) }
    let (first, other) = (magics.first?.first, magics.last?.first)
    while place < end {
      let bytes = try rethrow(
        as: ImageError.init(reading:), source.bytes(at: place, count: 1 << 18))
      try rethrow(
        as: ImageError.init(reading:),
        budget.spend(
          UInt64(bytes.count) + Budget.callCost, .reading, on: "what follows the \(format) file"))
      guard bytes.count >= LiMEHeader.size else { return false }
      let starts = 0...bytes.count - LiMEHeader.size
      for start in starts where bytes[start] == first || bytes[start] == other {
        let head = bytes[start..<start + LiMEHeader.size]
        if magics.contains(where: { head.starts(with: $0) }),
          LiMEHeader.range(Array(head), order) != nil
        {
          return true
        }
      }
      place += UInt64(bytes.count - LiMEHeader.size + 1)
    }
    return false
  }

  private func fault(of header: LiMEHeader?, _ bytes: [UInt8]) -> String {
    guard let header else {
      return "is no header of version \(kind == .plain ? 1 : 2) of \(format)"
    }
    return header.reserved == 0
      ? "says the range from \(header.start.hex) through \(header.last.hex), expected the first "
        + "address before the last, and that of at most \(PhysicalAddress.bits) bits"
      : "has \(header.reserved.hex) in its reserved field, expected 0"
  }

  private func error(_ text: String) -> ImageError {
    ImageError(.unusable, "\(source.name): \(format) header at \(position.hex): \(Message(text))")
  }

  /// The file ends too early; where it holds nothing, that is an error.
  private mutating func end(_ place: String) throws(ImageError) {
    guard hasMemory else {
      throw ImageError(
        .unusable, "\(source.name): the \(format) file ends \(place), expected memory behind it")
    }
    isCut = true
    warnings.append(
      Finding("the \(format) file ends \(place): whatever followed is lost", isPartial: true))
  }

  // MARK: Ranges

  private mutating func take(_ range: Range<UInt64>) throws(ImageError) -> Bool {
    let present = min(range.length, source.size - min(position, source.size))
    if present > 0 { append(range.lowerBound..<range.lowerBound + present, at: position) }
    guard present == range.length else {
      try end(
        "inside the range \(range.hex), of which \((range.length - present).hex) bytes are missing")
      return false
    }
    position += present
    return true
  }

  private mutating func unpack(_ range: Range<UInt64>) throws(ImageError) -> Bool {
    let block = try index.add(&chunks, from: position, count: range.length)
    for part in block.parts where !part.range.isEmpty {
      guard let place = source.size.adding(part.start) else { throw error("lies beyond 2⁶⁴") }
      append(part.range.moved(by: range.lowerBound), at: place)
    }
    if let lost = block.lost, !lost.isEmpty { lostRanges.append(lost.moved(by: range.lowerBound)) }
    switch block.ending {
    case .whole(let end):
      position = end
      return true
    case .otherLength(let length, let end):
      warnings.append(
        Finding(
          "\(format) block at \(position.hex): its \((end - AVMLChunks.trailerSize - position).hex) "
            + "bytes are followed by the length \(length.hex)"))
      position = end
      return true
    case .cutBehind:
      try end("behind the block \(range.hex), inside the length of that")
    case .cut:
      let present = block.parts.reduce(0) { $0 + $1.range.length }
      try end(
        "inside the block \(range.hex), of which \((range.length - present).hex) bytes are missing")
    case .damaged(let fault):
      let text = "\(format) block at \(position.hex): \(fault)"
      guard hasMemory else { throw ImageError(.unusable, "\(source.name): \(Message(text))") }
      isCut = true
      warnings.append(Finding("\(Message(text)): what follows is left out", isPartial: true))
    }
    return false
  }

  /// How many pages are lost with the chunks, and the first of them.
  var lostPages: (count: UInt64, first: [UInt64]) {
    var pages: (count: UInt64, first: [UInt64]) = (0, [])
    for range in lost.ranges {
      let first = range.lowerBound / AVMLLosses.pageSize
      let end = (range.upperBound - 1) / AVMLLosses.pageSize + 1
      pages.count += end - first
      let room = UInt64(PageDamage.shown - pages.first.count)
      pages.first += Array(first..<min(end, first + room))
    }
    return pages
  }

  // MARK: Zeros

  /// Zeros that AVML has left out.
  struct LeftOut {
    /// Those inside a range of memory.
    var certain: [Range<UInt64>] = []
    /// Those that may be memory: the end of a range, the start of one, or nothing.
    var assumed: [Range<UInt64>] = []
  }

  /// What AVML leaves out of the blocks into which it cuts ranges, because it is zero: between ranges
  /// of a file, and behind the last one. LiME leaves out nothing, and cuts nothing.
  func leftOut(between ranges: [Range<UInt64>]) -> LeftOut {
    var leftOut = LeftOut()
    let isCutInBlocks = largest == LiMEWalk.blockSize
    // Between ranges a block may be whose header is lost.
    guard hasPacked || isCutInBlocks, !hasGap else { return leftOut }
    for (first, second) in zip(ranges, ranges.dropFirst())
    where first.upperBound < second.lowerBound {
      let gap = first.upperBound..<second.lowerBound
      let isBehindBlock = blockEnds.contains(gap.lowerBound)
      let isWhole = gap.length % LiMEWalk.blockSize == 0
      if isBehindBlock, isWhole, gap.length < LiMEWalk.mostZeros {
        leftOut.certain.append(gap)
      } else if hasPacked || isBehindBlock && isWhole {
        leftOut.assumed.append(gap)
      } else if isBehindBlock {
        let length = min(gap.length, LiMEWalk.mostZeros)
        leftOut.assumed.append(gap.lowerBound..<gap.lowerBound + length)
      }
    }
    // Of a file that was cut off nobody knows what is lost.
    if isCutInBlocks, !isCut, let last = ranges.last, blockEnds.contains(last.upperBound) {
      let end = min(last.upperBound + LiMEWalk.mostZeros, PhysicalAddress.end)
      leftOut.assumed.append(last.upperBound..<end)
    }
    return leftOut
  }

  /// Adds a piece, or makes the last one longer where this one is its continuation.
  private mutating func append(_ range: Range<UInt64>, at position: UInt64) {
    if let last = pieces.last, last.range.upperBound == range.lowerBound,
      last.position + last.range.length == position
    {
      pieces[pieces.count - 1].range = last.range.lowerBound..<range.upperBound
    } else {
      pieces.append(PieceMap.Piece(range: range, position: position))
    }
  }
}

extension LiMEHeader {
  /// The range of a sound header; nil where these bytes are none.
  static func range(
    _ bytes: [UInt8], _ order: ByteOrder
  ) -> (kind: Kind, range: Range<UInt64>)? {
    var reader = ByteReader(bytes, order: order)
    guard let header = try? LiMEHeader(from: &reader), header.reserved == 0,
      let range = header.range, range.upperBound <= PhysicalAddress.end
    else { return nil }
    return (header.kind, range)
  }

  /// Whether a header stands at an offset, or the file ends there.
  static func isHeaderOrEnd(
    _ source: any ByteSource, at offset: UInt64
  ) throws(ImageError) -> Bool {
    let bytes = try rethrow(as: ImageError.init(reading:), source.bytes(at: offset, count: size))
    return offset == source.size || range(bytes, order) != nil
  }
}

extension Range<UInt64> {
  /// The same range of what begins at `start`.
  fileprivate func moved(by start: UInt64) -> Range<UInt64> {
    lowerBound + start..<upperBound + start
  }
}
