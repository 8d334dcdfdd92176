package import Bytes

/// Writes a vmcore piece by piece in order: to a flattened file, or to a file in place whose bytes
/// are hashed on the way.
package struct PlacedCopy {
  private let chunks: SourceChunks

  /// Granularity at which zeros are left out.
  private static let blockSize = 4096
  /// Zeros below this do not end a piece.
  private static let smallestGap = 1 << 16

  /// A copy of all of `source`.
  package init(_ source: any ByteSource, workers: Int, monitor: WriteMonitor) {
    chunks = SourceChunks(
      source, size: Chunk.usualSize, workers: workers, monitor: monitor)
  }

  /// Writes everything; stretches of zeros are left out where that makes zeros.
  ///
  /// - Returns: the SHA-256, where it was asked for.
  package func write(
    to output: any PlacedOutput, hasDigest: Bool = false
  ) throws(WriteError) -> [UInt8]? {
    var hash = hasDigest ? SHA256() : nil
    let zeros = Chunk()
    do throws(WriteError) {
      try chunks.run(
        joinsHoles: output.leavesHoles && !hasDigest,
        work: { (_: SourceChunks.Piece) throws(WriteError) in () },
        consume: { (piece: SourceChunks.Piece, _: Void) throws(WriteError) in
          let isLast = piece.offset + piece.count == chunks.source.size
          if output.leavesHoles, piece.chunk == nil, !isLast, hash == nil { return }
          let bytes = unsafe UnsafeRawBufferPointer(
            rebasing: (piece.chunk ?? zeros).bytes[..<Int(piece.count)])
          unsafe hash?.update(bytes)
          if !output.leavesHoles || output.takesWholePieces && (piece.chunk != nil || isLast) {
            try unsafe output.put(bytes, at: piece.offset)
          } else if piece.chunk != nil {
            try unsafe PlacedCopy.putData(of: bytes, at: piece.offset, to: output)
          }
        })
      try output.finish(size: chunks.source.size)
    } catch {
      output.fail()
      throw error
    }
    return hash?.finish()
  }

  /// Writes the parts between long stretches of zeros.
  private static func putData(
    of bytes: UnsafeRawBufferPointer, at offset: UInt64, to output: any PlacedOutput
  ) throws(WriteError) {
    let count = bytes.count
    var start = 0
    var end = 0
    var position = 0
    while position < count {
      let next = min(count, position + blockSize)
      if unsafe !isAllZero(UnsafeRawBufferPointer(rebasing: bytes[position..<next])) {
        if position - end >= smallestGap || end == 0 {
          try unsafe output.put(
            UnsafeRawBufferPointer(rebasing: bytes[start..<end]), at: offset + UInt64(start))
          start = position
        }
        end = next
      }
      position = next
    }
    try unsafe output.put(
      UnsafeRawBufferPointer(rebasing: bytes[start..<end]), at: offset + UInt64(start))
  }
}
