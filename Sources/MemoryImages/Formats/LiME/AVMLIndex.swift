internal import Bytes
internal import Codecs
internal import DumpRecords

/// Where the packed blocks of an AVML file can be unpacked from: runs of chunks of snappy's framed
/// format, each a few times 64 KiB of memory.
struct AVMLIndex: Sendable {
  /// Where each run begins among the unpacked bytes, and behind the last one their end.
  private(set) var starts: [UInt64] = [0]
  /// Where its chunks stand in the file.
  private(set) var places: [Range<UInt64>] = []

  /// Unpacked bytes.
  var size: UInt64 { starts.last ?? 0 }

  /// Unpacked bytes of a run, less one chunk.
  private static let runSize: UInt64 = 256 << 10

  /// What came of one block.
  struct Block {
    /// The parts of it that can be unpacked, and where each begins among all unpacked bytes.
    var parts: [(range: Range<UInt64>, start: UInt64)] = []
    /// The part of it whose chunks cannot be found.
    var lost: Range<UInt64>?
    /// How it ends.
    var ending = Ending.cut
  }

  /// How a block ends.
  enum Ending {
    /// With its length, as it should: the offset behind it.
    case whole(UInt64)
    /// With a number that is not its length, the offset behind which is told.
    case otherLength(UInt64, end: UInt64)
    /// With the end of the file, inside that length.
    case cutBehind
    /// With the end of the file.
    case cut
    /// With what is no chunk.
    case damaged(String)
  }

  /// Goes over the chunks of one block.
  mutating func add(
    _ chunks: inout AVMLChunks, from start: UInt64, count: UInt64
  ) throws(ImageError) -> Block {
    let runs = places.count
    let before = size
    let (position, fault) = try walk(&chunks, from: start, count: count)
    var block = Block()
    let ending = if let fault { fault } else { try chunks.trailer(at: position, from: start) }
    if case .whole = ending {
      block.parts = [(0..<count, before)]
      block.ending = ending
      return block
    }
    if try !chunks.goesOn(behind: ending),
      let rescue = try AVMLRescue.run(&chunks, from: start, count: count)
    {
      places.removeLast(places.count - runs)
      starts.removeLast(starts.count - runs - 1)
      _ = try walk(&chunks, from: start, count: rescue.front.count)
      let middle = size
      _ = try walk(&chunks, from: rescue.back.place, count: rescue.back.count)
      let behind = count - rescue.back.count
      block.parts = [(0..<rescue.front.count, before), (behind..<count, middle)]
      block.lost = rescue.front.count..<behind
      block.ending = .whole(rescue.end + AVMLChunks.trailerSize)
    } else {
      block.parts = [(0..<size - before, before)]
      block.ending = ending
    }
    return block
  }

  /// Goes over chunks that should give so many bytes.
  ///
  /// - Returns: the offset behind them, and what is wrong where they do not.
  private mutating func walk(
    _ chunks: inout AVMLChunks, from start: UInt64, count: UInt64
  ) throws(ImageError) -> (position: UInt64, fault: Ending?) {
    var position = start
    var left = count
    var run: (start: UInt64, count: UInt64) = (start, 0)
    defer { close(run, at: position) }
    while left > 0 {
      switch try chunks.step(at: position) {
      case .chunk(let content, let end) where content <= left:
        position = end
        left -= content
        run.count += content
        if run.count >= AVMLIndex.runSize {
          close(run, at: position)
          run = (position, 0)
        }
      case .chunk, .none: return (position, .damaged(try chunks.fault(at: position, left)))
      case .cut: return (position, .cut)
      }
    }
    return (position, nil)
  }

  private mutating func close(_ run: (start: UInt64, count: UInt64), at end: UInt64) {
    guard run.count > 0 else { return }
    starts.append(size + run.count)
    places.append(run.start..<end)
  }
}

/// The chunks of an AVML file, one after the other.
struct AVMLChunks {
  let source: any ByteSource
  let budget: Budget
  private var payment: RecordPayment
  private var heads: HeadBuffer

  /// Bytes of the length behind the chunks of a block.
  static let trailerSize: UInt64 = 8
  /// Bytes of a head, a checksum, and the length that a packed chunk begins with.
  private static let headSize = SnappyChunk.size + SnappyChunk.sumSize + 5

  /// Those of a file.
  init(of source: any ByteSource, _ budget: Budget) {
    self.source = source
    self.budget = budget
    payment = RecordPayment(budget, for: "the chunks of the AVML file")
    heads = HeadBuffer(source)
  }

  /// What stands at an offset.
  enum Step {
    /// A chunk that gives so many bytes, and ends there.
    case chunk(content: UInt64, end: UInt64)
    /// The end of the file, which is inside a chunk.
    case cut
    /// No chunk.
    case none
  }

  /// What stands at an offset.
  mutating func step(at position: UInt64) throws(ImageError) -> Step {
    try rethrow(as: ImageError.init(reading:), payment.payNext())
    let bytes = try heads.bytes(at: position, count: AVMLChunks.headSize)
    var reader = ByteReader(bytes, order: SnappyChunk.order)
    guard let chunk = try? SnappyChunk(from: &reader) else { return .cut }
    let end = position + UInt64(SnappyChunk.size) + UInt64(chunk.length)
    let needed = min(AVMLChunks.headSize, SnappyChunk.size + Int(chunk.length))
    guard bytes.count >= needed else { return .cut }
    guard let content = AVMLChunks.content(of: chunk, bytes) else { return .none }
    return end <= source.size ? .chunk(content: content, end: end) : .cut
  }

  /// Bytes that a chunk gives; nil for one that cannot be.
  private static func content(of chunk: SnappyChunk, _ bytes: [UInt8]) -> UInt64? {
    switch chunk.type {
    case SnappyChunk.packed, SnappyChunk.plain:
      guard chunk.length >= UInt32(SnappyChunk.sumSize), chunk.length <= SnappyChunk.mostLength
      else { return nil }
      let sum = SnappyChunk.size + SnappyChunk.sumSize
      let content =
        chunk.type == SnappyChunk.plain
        ? Int(chunk.length) - SnappyChunk.sumSize : SnappyDecoder.size(of: bytes.dropFirst(sum))
      return content.flatMap { $0 <= SnappyChunk.mostContent ? UInt64($0) : nil }
    case SnappyChunk.firstSkippable...: return 0
    default: return nil
    }
  }

  /// What is wrong with an offset where a chunk should be.
  mutating func fault(at position: UInt64, _ left: UInt64) throws(ImageError) -> String {
    let bytes = try heads.bytes(at: position, count: SnappyChunk.size)
    var reader = ByteReader(bytes, order: SnappyChunk.order)
    guard let chunk = try? SnappyChunk(from: &reader) else { return "no chunk" }
    return "the chunk at \(position.hex) of type \(UInt64(chunk.type).hex) and \(chunk.length) "
      + "bytes is none of snappy's framed format with at most "
      + "\(min(left, UInt64(SnappyChunk.mostContent))) bytes of memory"
  }

  /// Whether a wrong length is all that is wrong: what should follow it does.
  func goesOn(behind ending: AVMLIndex.Ending) throws(ImageError) -> Bool {
    guard case .otherLength(_, let end) = ending else { return false }
    return try LiMEHeader.isHeaderOrEnd(source, at: end)
  }

  /// Behind the chunks stands the length of the stream.
  func trailer(
    at position: UInt64, from start: UInt64
  ) throws(ImageError) -> AVMLIndex.Ending {
    let size = AVMLChunks.trailerSize
    let bytes = try rethrow(
      as: ImageError.init(reading:), source.bytes(at: position, count: Int(size)))
    guard let length: UInt64 = try? ByteReader(bytes, order: LiMEHeader.order).peek(at: 0) else {
      return .cutBehind
    }
    return length == position - start
      ? .whole(position + size) : .otherLength(length, end: position + size)
  }
}

/// Heads of chunks, many of which may stand close to each other, read with few calls.
private struct HeadBuffer {
  private let source: any ByteSource
  private var buffer: [UInt8] = []
  private var start: UInt64 = 0

  private static let size = 1 << 16

  init(_ source: any ByteSource) {
    self.source = source
  }

  /// Bytes of the file, fewer at its end.
  mutating func bytes(at position: UInt64, count: Int) throws(ImageError) -> [UInt8] {
    if position < start || position - start + UInt64(count) > UInt64(buffer.count) {
      buffer = try rethrow(
        as: ImageError.init(reading:), source.bytes(at: position, count: HeadBuffer.size))
      start = position
    }
    return Array(buffer.dropFirst(Int(position - start)).prefix(count))
  }
}
