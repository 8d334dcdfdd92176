internal import Bytes

/// Gathers small pieces that follow each other, so that a target gets them as large ones.
struct GatheringBuffer {
  private let chunk = Chunk()
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

  /// Hands on what was gathered.
  mutating func flush(to target: any ByteTarget) throws(WriteError) {
    guard count > 0 else { return }
    try unsafe target.put(
      UnsafeRawBufferPointer(rebasing: chunk.bytes[..<count]), at: end - UInt64(count))
    count = 0
  }
}
