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
  /// Whether ranges are cut into blocks as AVML does, which leaves out blocks of zeros.
  private(set) var leavesOutZeros = false
  /// Whether there are ranges of each kind.
  private(set) var hasPlain = false
  private(set) var hasPacked = false

  private let source: any ByteSource
  private let format: String
  private let kind: LiMEHeader.Kind
  private var position: UInt64 = 0
  private var count = 0

  /// Ranges at most: the blocks of 8 TiB.
  private static let mostRanges = 1 << 19
  /// AVML's blocks, counted from the start of a range.
  private static let blockSize: UInt64 = 16 << 20

  /// Begins at the first header.
  init(_ source: any ByteSource, _ format: String, _ kind: LiMEHeader.Kind) {
    self.source = source
    self.format = format
    self.kind = kind
  }

  /// Walks to the end of the file.
  mutating func run() throws(ImageError) {
    while position < source.size {
      guard let (kind, range) = try nextRange() else { return }
      count += 1
      guard count <= LiMEWalk.mostRanges else {
        throw error("is one of more than \(LiMEWalk.mostRanges) ranges")
      }
      if let last = pieces.last?.range, last.upperBound == range.lowerBound,
        last.length == LiMEWalk.blockSize
      {
        leavesOutZeros = true
      }
      position += UInt64(LiMEHeader.size)
      switch kind {
      case .plain:
        hasPlain = true
        guard try take(range) else { return }
      case .packed:
        hasPacked = true
        leavesOutZeros = true
        guard try unpack(range) else { return }
      }
    }
  }

  // MARK: Headers

  /// The range that the header here names; nil where the file ends.
  private mutating func nextRange() throws(ImageError) -> (LiMEHeader.Kind, Range<UInt64>)? {
    let bytes = try rethrow(
      as: ImageError.init(reading:), source.bytes(at: position, count: LiMEHeader.size))
    var reader = ByteReader(bytes, order: LiMEHeader.order)
    let header: LiMEHeader?
    do throws(ShortRecord) { header = try LiMEHeader(from: &reader) } catch {
      if bytes.allSatisfy({ $0 == 0 }), !pieces.isEmpty { return nil }
      try end("inside the header at \(position.hex)")
      return nil
    }
    if let header, header.reserved == 0, let range = header.range { return (header.kind, range) }
    // A copy of a device has zeros behind the last range.
    if !pieces.isEmpty, bytes.allSatisfy({ $0 == 0 }) { return nil }
    throw error(fault(of: header, bytes))
  }

  private func fault(of header: LiMEHeader?, _ bytes: [UInt8]) -> String {
    guard let header else {
      let isSwapped = [LiMEHeader.Kind.plain, .packed].contains {
        bytes.starts(with: $0.magic.reversed())
      }
      return isSwapped
        ? "has its magic backwards, as a writer of the other byte order would leave it: no reader "
          + "knows such a file"
        : "is no header of version \(kind == .plain ? 1 : 2) of \(format)"
    }
    return header.reserved == 0
      ? "says the range from \(header.start.hex) through \(header.last.hex), expected the first "
        + "address before the last"
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
    let end = try index.add(source, from: position, count: range.length, format)
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
