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

  private let source: any ByteSource
  private let format: String
  private let kind: LiMEHeader.Kind
  private let order: ByteOrder
  private let budget: Budget
  private var payment: RecordPayment
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
  }

  /// Walks to the end of the file.
  mutating func run() throws(ImageError) {
    while position < source.size {
      try rethrow(as: ImageError.init(reading:), payment.payNext())
      guard let (kind, range) = try nextRange() else { return }
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

  /// The range that the header here names; nil where the file ends.
  private mutating func nextRange() throws(ImageError) -> (LiMEHeader.Kind, Range<UInt64>)? {
    let bytes = try rethrow(
      as: ImageError.init(reading:), source.bytes(at: position, count: LiMEHeader.size))
    var reader = ByteReader(bytes, order: order)
    let header: LiMEHeader?
    do throws(ShortRecord) { header = try LiMEHeader(from: &reader) } catch {
      if bytes.allSatisfy({ $0 == 0 }), !pieces.isEmpty { return nil }
      try end("inside the header at \(position.hex)")
      return nil
    }
    if let header, header.reserved == 0, let range = header.range,
      range.upperBound <= PhysicalAddress.end
    {
      return (header.kind, range)
    }
    // A copy of a device has zeros behind the last range.
    if !pieces.isEmpty, bytes.allSatisfy({ $0 == 0 }) { return nil }
    throw error(fault(of: header, bytes))
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
    guard !pieces.isEmpty else {
      throw ImageError(
        .unusable, "\(source.name): the \(format) file ends \(place), expected memory behind it")
    }
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
    let start = index.size
    let end = try index.add(source, from: position, count: range.length, format, budget)
    let present = index.size - start
    if present > 0 {
      guard let place = source.size.adding(start) else { throw error("lies beyond 2⁶⁴") }
      append(range.lowerBound..<range.lowerBound + present, at: place)
    }
    guard let end else {
      try self.end(
        "inside the block \(range.hex), of which \((range.length - present).hex) bytes are missing")
      return false
    }
    position = end
    return true
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
    let isCut = largest == LiMEWalk.blockSize
    guard hasPacked || isCut else { return leftOut }
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
    if isCut, warnings.isEmpty, let last = ranges.last, blockEnds.contains(last.upperBound) {
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
