package import Bytes
internal import Codecs

/// Writes a file as a gzip file: each 256 KiB are a member of their own, so that all workers can
/// pack. `gzip -d` puts the members together again (RFC 1952, section 2.2).
package struct GzipWriter {
  private let source: any ByteSource
  private let workers: Int
  private let monitor: WriteMonitor
  private let packers: CodecPool<any Packer>
  private let pool = ChunkPool(size: Int(GzipWriter.memberSize) + GzipWriter.mostGrowth)

  /// Memory of one member.
  private static let memberSize = SourcePieces.usualChunk
  /// What deflate adds at most to bytes that do not shrink, with header and trailer of a member.
  private static let mostGrowth = 4096

  /// A writer of all of `source`.
  package init(
    _ source: any ByteSource, compression: Compression, workers: Int, monitor: WriteMonitor
  ) {
    self.source = source
    self.workers = workers
    self.monitor = monitor
    packers = compression.gzipPackers()
  }

  /// One packed member.
  private struct Member: Sendable {
    var chunk: Chunk
    var count: Int
  }

  /// Writes everything.
  package func write(to output: OrderedOutput) throws(WriteError) {
    // A member of zeros is packed once.
    var zeros: (count: Int, member: [UInt8])?
    try SourcePipeline(source: source, workers: workers, monitor: monitor, name: output.name).run(
      SourcePieces(source, cut: .atChunks, largest: GzipWriter.memberSize),
      keepsBytes: false,
      work: { (loaded: SourcePipeline.Loaded) throws(WriteError) -> Member? in
        guard let bytes = unsafe loaded.bytes, unsafe !isAllZero(bytes) else { return nil }
        try monitor.spend(WriteMonitor.packingCost * UInt64(bytes.count), .reading)
        return try unsafe pack(bytes)
      },
      consume: { (loaded: SourcePipeline.Loaded, member: Member?) throws(WriteError) in
        if let member {
          try unsafe output.write(
            UnsafeRawBufferPointer(rebasing: member.chunk.bytes[..<member.count]))
          pool.giveBack(member.chunk)
          return
        }
        let count = Int(loaded.piece.range.length)
        if zeros?.count != count { zeros = (count, try packedZeros(count)) }
        if let zeros { try output.write(zeros.member) }
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

  private func packedZeros(_ count: Int) throws(WriteError) -> [UInt8] {
    let member = try unsafe pack(UnsafeRawBufferPointer(rebasing: Zeros.chunk.bytes[..<count]))
    defer { pool.giveBack(member.chunk) }
    return unsafe Array(member.chunk.bytes[..<member.count])
  }
}
