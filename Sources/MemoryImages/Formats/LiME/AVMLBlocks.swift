internal import Bytes
internal import Codecs
internal import DumpRecords

/// Unpacks the runs of chunks.
struct AVMLBlocks: PieceDecoder {
  let name: String
  private let source: any ByteSource
  private let index: AVMLIndex
  private let unpackers = CodecPool { PackedForm.snappy.unpacker() }
  private let seen: SeenPieces
  private let chunks: ChunkPool
  private let losses: AVMLLosses

  var starts: [UInt64] { index.starts }

  /// The blocks of a file.
  init(_ source: any ByteSource, _ index: AVMLIndex, _ losses: AVMLLosses) {
    self.losses = losses
    name = source.name
    self.source = source
    self.index = index
    seen = SeenPieces(index.places.count)
    chunks = ChunkPool(size: 1 << 18)
  }

  func isZero(_ piece: Int) -> Bool { seen.isZero(piece) }

  var mayLoseBytes: Bool { true }

  func lostPart(at offset: UInt64, before end: UInt64) -> (isLost: Bool, end: UInt64) {
    losses.part(at: offset, before: end)
  }

  func unpack(_ piece: Int, into output: UnsafeMutableRawBufferPointer) throws(ReadError) {
    let input = chunks.take()
    defer { chunks.giveBack(input) }
    let hasSums = !seen.isChecked(piece)
    var position = index.places[piece].lowerBound
    var start = position
    var available = 0
    var done = 0
    var isDamaged = false
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
        let bytes = unsafe UnsafeRawBufferPointer(
          rebasing: input.bytes[inside + SnappyChunk.size..<end])
        guard let size = unsafe AVMLBlocks.size(of: chunk, bytes), size <= output.count - done
        else { throw damage(position) }
        let part = unsafe UnsafeMutableRawBufferPointer(rebasing: output[done..<done + size])
        if unsafe content(of: chunk, bytes, part, hasSum: hasSums) != size {
          unsafe part.initializeMemory(as: UInt8.self, repeating: 0)
          let start = index.starts[piece] + UInt64(done)
          losses.add(start..<start + UInt64(size))
          isDamaged = true
        }
        done += size
      }
      position += UInt64(SnappyChunk.size) + UInt64(chunk.length)
      // What is passed over may reach beyond what was read.
      if Int(position - start) > available { (start, available) = (position, 0) }
    }
    // A damaged chunk is compared each time.
    if hasSums, !isDamaged {
      seen.add(piece, isZero: unsafe isAllZero(UnsafeRawBufferPointer(output)))
    }
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
    unsafe SnappyChunk.unpack(bytes, type: chunk.type, into: output, hasSum: hasSum) {
      let (data, output) = unsafe ($0, $1)
      return unpackers.with { unsafe $0.unpack(data, into: output) }.flatMap(\.self)
    }
  }

  /// Bytes that a chunk gives by its own account; nil where that is no number.
  private static func size(of chunk: SnappyChunk, _ bytes: UnsafeRawBufferPointer) -> Int? {
    guard bytes.count >= SnappyChunk.sumSize else { return nil }
    return chunk.type == SnappyChunk.plain
      ? bytes.count - SnappyChunk.sumSize
      : unsafe SnappyDecoder.size(of: bytes.dropFirst(SnappyChunk.sumSize).prefix(5))
  }

  private func damage(_ position: UInt64) -> ReadError {
    ReadError(
      source: name, offset: position,
      reason: "no chunk of snappy's framed format: the file changed since")
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
