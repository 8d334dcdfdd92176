package import Bytes
internal import Codecs

/// Writes a vmcore as a gzip file: each 256 KiB are a member of their own, so that all workers can
/// pack. `gzip -d` puts the members together again (RFC 1952, section 2.2).
package struct GzipWriter {
  private let chunks: SourceChunks
  private let packers: CodecPool<any Packer>
  private let pool = ChunkPool(size: GzipWriter.memberSize + GzipWriter.mostGrowth)

  /// Memory of one member.
  private static let memberSize = 1 << 18
  /// What deflate adds at most to bytes that do not shrink, with header and trailer of a member.
  private static let mostGrowth = 4096

  /// A writer of all of `source`.
  package init(
    _ source: any ByteSource, compression: Compression, workers: Int, monitor: WriteMonitor
  ) {
    chunks = SourceChunks(
      source, size: GzipWriter.memberSize, workers: workers, monitor: monitor)
    packers = compression.packers(in: .gzip)
  }

  /// One packed member, or the number of zeros that it stands for.
  private struct Member: Sendable {
    var chunk: Chunk?
    var count: Int
  }

  /// Writes everything.
  package func write(to output: OrderedOutput) throws(WriteError) {
    // A member of zeros is packed once.
    var zeros: (count: UInt64, member: [UInt8])?
    try chunks.run(
      work: { (piece: SourceChunks.Piece) throws(WriteError) -> Member in
        guard
          let member = try unsafe piece.withBytes({ bytes throws(WriteError) in
            try unsafe pack(bytes)
          })
        else { return Member(count: 0) }
        return member
      },
      consume: { (piece: SourceChunks.Piece, member: Member) throws(WriteError) in
        if let chunk = member.chunk {
          try unsafe output.write(
            UnsafeRawBufferPointer(rebasing: chunk.bytes[..<member.count]))
          pool.giveBack(chunk)
          return
        }
        let packed: [UInt8]
        if let zeros, zeros.count == piece.count {
          packed = zeros.member
        } else {
          packed = try packZeros(Int(piece.count))
          zeros = (piece.count, packed)
        }
        try output.write(packed)
      })
  }

  private func pack(_ bytes: UnsafeRawBufferPointer) throws(WriteError) -> Member {
    try packers.withPacker { packer throws(WriteError) in
      let chunk = pool.take()
      guard let count = unsafe packer.pack(bytes, into: chunk.bytes) else {
        throw WriteError(.failed, "a gzip member of \(bytes.count) bytes could not be packed")
      }
      return Member(chunk: chunk, count: count)
    }
  }

  private func packZeros(_ count: Int) throws(WriteError) -> [UInt8] {
    let chunk = Chunk(size: count)
    let member = try unsafe pack(UnsafeRawBufferPointer(chunk.bytes))
    guard let packed = member.chunk else { return [] }
    defer { pool.giveBack(packed) }
    return unsafe Array(packed.bytes[..<member.count])
  }
}
