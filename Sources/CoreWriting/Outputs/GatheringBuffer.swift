internal import Bytes

/// Gathers small pieces that follow each other, so that a target gets them as large ones.
struct GatheringBuffer {
  private var chunk: Chunk?
  private var count = 0
  /// Offset of the next byte.
  private(set) var end: UInt64

  /// A buffer whose first byte belongs at `start`.
  init(at start: UInt64) {
    end = start
  }

  /// Adds the next bytes.
  mutating func append(
    _ bytes: UnsafeRawBufferPointer, to target: any ByteTarget
  ) throws(WriteError) {
    let size = Chunk.usualSize
    let total = bytes.count
    var done = 0
    let chunk = self.chunk ?? Chunk()
    self.chunk = chunk
    while done < total {
      let length = min(size - count, total - done)
      unsafe UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[count...])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[done..<done + length]))
      count += length
      done += length
      end += UInt64(length)
      if count == size { try flush(to: target) }
    }
  }

  /// Adds the next bytes.
  mutating func append(_ bytes: [UInt8], to target: any ByteTarget) throws(WriteError) {
    try unsafe bytes.withRawBytes { raw throws(WriteError) in
      try unsafe append(raw, to: target)
    }
  }

  /// Offset behind what was handed on.
  var flushedEnd: UInt64 { end - UInt64(count) }

  /// Whether some more bytes do not fit without handing on what was gathered.
  func isFull(with more: Int) -> Bool { count + more >= Chunk.usualSize }

  /// Hands on what a target takes that has hardly any room, in small pieces.
  ///
  /// - Returns: the offset behind what it took.
  mutating func flushWhatFits(to target: any ByteTarget, pieceSize: Int) -> UInt64 {
    let start = flushedEnd
    var done = 0
    while done < count, let chunk {
      let piece = done..<min(count, done + pieceSize)
      do throws(WriteError) {
        try unsafe target.put(
          UnsafeRawBufferPointer(rebasing: chunk.bytes[piece]), at: start + UInt64(done))
      } catch {
        break
      }
      done = piece.upperBound
    }
    count = 0
    return start + UInt64(done)
  }

  /// Gives back the memory of what was handed on.
  mutating func release() {
    if count == 0 { chunk = nil }
  }

  /// Hands on what was gathered.
  mutating func flush(to target: any ByteTarget) throws(WriteError) {
    guard count > 0, let chunk else { return }
    try unsafe target.put(
      UnsafeRawBufferPointer(rebasing: chunk.bytes[..<count]), at: end - UInt64(count))
    count = 0
  }
}
