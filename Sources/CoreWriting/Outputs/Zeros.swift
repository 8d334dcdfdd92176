internal import Bytes

/// What of an output is zero, and from which size on that is worth anything: no other file decides
/// it. What becomes of zeros is the target's affair: ``ByteTarget/putZeros(_:)``.
enum Zeros {
  /// Granularity at which zeros become holes of a file, which is that of most file systems.
  static let blockSize: UInt64 = 4096
  /// Below this, copying bytes costs less than the calls that avoid it: a clone, a splice, a hole
  /// that is passed over.
  static let smallestGain: UInt64 = 1 << 16
  /// Bytes to write where zeros have to be written. Nothing is ever written into it, so it takes no
  /// memory, and its pages can be mapped into pipes; for the same reason it is never freed.
  static let chunk = Chunk()

  /// The end of the hole at an offset of a source, at most `limit`; the offset itself where there is
  /// data.
  static func holeEnd(
    in source: any ByteSource, from offset: UInt64, limit: UInt64
  ) -> UInt64 {
    var end = offset
    while end < limit {
      let extent = source.extent(at: end)
      guard extent.isHole, extent.end > end else { break }
      end = extent.end
    }
    return min(end, limit)
  }

  /// The end of the data at an offset of a source, at most `limit`: what is no hole, and holes that
  /// are smaller than a block.
  static func dataEnd(in source: any ByteSource, from offset: UInt64, limit: UInt64) -> UInt64 {
    var end = offset
    while end < limit {
      let extent = source.extent(at: end)
      if extent.isHole, extent.end - end >= blockSize { break }
      guard extent.end > end else { return limit }
      end = extent.end
    }
    return min(end, limit)
  }

  /// The stretches of some bytes between the blocks that are zero, where blocks are those of a file
  /// in which the first byte stands at `offset`.
  static func dataRuns(in bytes: UnsafeRawBufferPointer, at offset: UInt64) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var start = 0
    var position = 0
    while position < bytes.count {
      let end = min(
        bytes.count, position + Int(blockSize - (offset + UInt64(position)) % blockSize))
      if unsafe isAllZero(UnsafeRawBufferPointer(rebasing: bytes[position..<end])) {
        if start < position { runs.append(start..<position) }
        start = end
      }
      position = end
    }
    if start < bytes.count { runs.append(start..<bytes.count) }
    return runs
  }
}
