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
  /// Bytes of a head, a checksum, and the length that a packed chunk begins with.
  private static let headSize = SnappyChunk.size + SnappyChunk.sumSize + 5

  /// Goes over the chunks of one block.
  ///
  /// - Returns: the offset behind the block and its trailer; nil where the file ends before.
  mutating func add(
    _ source: any ByteSource, from start: UInt64, count: UInt64, _ format: String, _ budget: Budget
  ) throws(ImageError) -> UInt64? {
    var payment = RecordPayment(budget, for: "the chunks of the \(format) file")
    var position = start
    var left = count
    var heads = HeadBuffer(source)
    var run: (start: UInt64, count: UInt64) = (start, 0)
    defer { close(run, at: position) }
    while left > 0 {
      try rethrow(as: ImageError.init(reading:), payment.payNext())
      let bytes = try heads.bytes(at: position, count: AVMLIndex.headSize)
      var reader = ByteReader(bytes, order: SnappyChunk.order)
      guard let chunk = try? SnappyChunk(from: &reader),
        let end = position.adding(UInt64(SnappyChunk.size) + UInt64(chunk.length)),
        end <= source.size
      else { return nil }
      guard let content = AVMLIndex.content(of: chunk, bytes), content <= left else {
        throw ImageError(
          .unusable,
          "\(source.name): \(format) block at \(start.hex): the chunk at \(position.hex) of type "
            + "\(UInt64(chunk.type).hex) and \(chunk.length) bytes is none of snappy's framed "
            + "format with at most \(min(left, UInt64(SnappyChunk.mostContent))) bytes of memory")
      }
      position = end
      left -= content
      run.count += content
      if run.count >= AVMLIndex.runSize {
        close(run, at: position)
        run = (position, 0)
      }
    }
    return try trailer(source, at: position, from: start, format)
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

  /// Behind the chunks stands the length of the stream.
  private func trailer(
    _ source: any ByteSource, at position: UInt64, from start: UInt64, _ format: String
  ) throws(ImageError) -> UInt64? {
    let bytes = try rethrow(as: ImageError.init(reading:), source.bytes(at: position, count: 8))
    guard let length: UInt64 = try? ByteReader(bytes, order: LiMEHeader.order).peek(at: 0) else {
      return nil
    }
    guard length == position - start else {
      throw ImageError(
        .unusable,
        "\(source.name): \(format) block at \(start.hex): its \((position - start).hex) bytes are "
          + "followed by the length \(length.hex)")
    }
    return position + 8
  }

  private mutating func close(_ run: (start: UInt64, count: UInt64), at end: UInt64) {
    guard run.count > 0 else { return }
    starts.append(size + run.count)
    places.append(run.start..<end)
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

/// Unpacks the runs of chunks.
struct AVMLBlocks: PieceDecoder {
  let name: String
  private let source: any ByteSource
  private let index: AVMLIndex
  private let unpackers = CodecPool { PackedForm.snappy.unpacker() }
  private let seen: SeenPieces
  private let chunks: ChunkPool

  var starts: [UInt64] { index.starts }

  /// The blocks of a file.
  init(_ source: any ByteSource, _ index: AVMLIndex) {
    name = source.name
    self.source = source
    self.index = index
    seen = SeenPieces(index.places.count)
    chunks = ChunkPool(size: 1 << 18)
  }

  func isZero(_ piece: Int) -> Bool { seen.isZero(piece) }

  func unpack(_ piece: Int, into output: UnsafeMutableRawBufferPointer) throws(ReadError) {
    let input = chunks.take()
    defer { chunks.giveBack(input) }
    let hasSums = !seen.isChecked(piece)
    var position = index.places[piece].lowerBound
    var start = position
    var available = 0
    var done = 0
    while done < output.count {
      let inside = Int(position - start)
      guard let chunk = AVMLBlocks.chunk(in: input, at: inside, available),
        chunk.type >= SnappyChunk.firstSkippable
          || inside + SnappyChunk.size + Int(chunk.length) <= available
      else {
        guard available == 0 || inside > 0 else { throw damage(position) }
        (start, available) = (position, try unsafe source.read(at: position, into: input.bytes))
        guard available > 0 else { throw damage(position) }
        continue
      }
      let end = inside + SnappyChunk.size + Int(chunk.length)
      if chunk.type < SnappyChunk.firstSkippable {
        guard chunk.length >= UInt32(SnappyChunk.sumSize),
          let count = unsafe content(
            of: chunk,
            UnsafeRawBufferPointer(rebasing: input.bytes[inside + SnappyChunk.size..<end]),
            UnsafeMutableRawBufferPointer(rebasing: output[done...]), hasSum: hasSums)
        else { throw damage(position) }
        done += count
      }
      position += UInt64(SnappyChunk.size) + UInt64(chunk.length)
      // What is passed over may reach beyond what was read.
      if Int(position - start) > available { (start, available) = (position, 0) }
    }
    if hasSums { seen.add(piece, isZero: unsafe isAllZero(UnsafeRawBufferPointer(output))) }
  }

  /// The head of a chunk; nil where it was not read.
  private static func chunk(in input: Chunk, at place: Int, _ available: Int) -> SnappyChunk? {
    guard place + SnappyChunk.size <= available else { return nil }
    let word = unsafe input.bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
    return SnappyChunk(word: UInt32(littleEndian: word))
  }

  /// Unpacks one chunk, and compares its checksum where that was not done before.
  private func content(
    of chunk: SnappyChunk, _ bytes: UnsafeRawBufferPointer,
    _ output: UnsafeMutableRawBufferPointer, hasSum: Bool
  ) -> Int? {
    let data = unsafe UnsafeRawBufferPointer(rebasing: bytes[SnappyChunk.sumSize...])
    let count: Int
    if chunk.type == SnappyChunk.plain {
      guard data.count <= output.count else { return nil }
      unsafe output.copyMemory(from: data)
      count = data.count
    } else {
      guard let unpacked = unpackers.with({ unsafe $0.unpack(data, into: output) }),
        let unpacked
      else { return nil }
      count = unpacked
    }
    guard hasSum else { return count }
    let sum = unsafe CRC32C.sum(of: UnsafeRawBufferPointer(rebasing: output[..<count]))
    let stored = unsafe UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
    return AVMLBlocks.masked(sum) == stored ? count : nil
  }

  /// A checksum as it is stored: that of bytes which hold checksums would say little else.
  private static func masked(_ sum: UInt32) -> UInt32 {
    (sum >> 15 | sum << 17) &+ 0xa282_ead8
  }

  private func damage(_ position: UInt64) -> ReadError {
    ReadError(
      source: name, offset: position,
      reason: "the snappy chunk here is damaged: it cannot be unpacked, or its checksum differs")
  }
}

/// What is known of pieces that were unpacked once: their checksums are right, and some are zero.
private final class SeenPieces: @unchecked Sendable {
  private let lock = Lock()
  private var pieces: [Piece]

  private enum Piece: UInt8 {
    case unknown, checked, zero
  }

  init(_ count: Int) {
    pieces = [Piece](repeating: .unknown, count: count)
  }

  func isChecked(_ piece: Int) -> Bool { lock.withLock { pieces[piece] != .unknown } }

  func isZero(_ piece: Int) -> Bool { lock.withLock { pieces[piece] == .zero } }

  func add(_ piece: Int, isZero: Bool) {
    lock.withLock { pieces[piece] = isZero ? .zero : .checked }
  }
}
