internal import Bytes

/// A source that is read from its start to its end by all workers, and used up in order.
struct SourcePipeline {
  let source: any ByteSource
  let workers: Int
  let monitor: WriteMonitor
  /// What messages call the output.
  let name: String
  /// Bytes of the largest piece that is read.
  var chunkSize = SourcePieces.usualChunk

  /// A piece, and its bytes where it was read.
  struct Loaded: Sendable {
    let piece: SourcePiece
    fileprivate(set) var chunk: Chunk?

    /// Its bytes; nil where it was not read.
    var bytes: UnsafeRawBufferPointer? {
      guard let chunk else { return nil }
      return unsafe UnsafeRawBufferPointer(
        rebasing: chunk.bytes[..<Int(piece.range.length)])
    }
  }

  /// Runs `work` on every piece in any thread, and `consume` on what it makes, in order.
  ///
  /// - Parameters:
  ///   - readsShared: whether pieces are read that the output shares with the source.
  ///   - keepsBytes: whether the bytes are there until `consume` has run, not only while `work` does.
  func run<Product: Sendable>(
    _ pieces: SourcePieces, readsShared: Bool = false, keepsBytes: Bool = true,
    work: @Sendable (Loaded) throws(WriteError) -> Product,
    consume: (Loaded, Product) throws(WriteError) -> Void
  ) throws(WriteError) {
    let pool = ChunkPool(size: Int(chunkSize))
    var pieces = pieces
    var done: UInt64 = 0
    do throws(WriteError) {
      try OrderedPipeline(workers: workers).run(
        produce: { () throws(WriteError) -> SourcePiece? in
          if monitor.isCancelled() { throw interrupted(after: done) }
          return pieces.next()
        },
        work: { (piece: SourcePiece) throws(WriteError) -> (Loaded, Product) in
          var loaded = Loaded(piece: piece)
          if piece.kind == .data || piece.kind == .shared && readsShared {
            loaded.chunk = try load(piece.range, from: pool)
          }
          let product = try work(loaded)
          if !keepsBytes { give(&loaded, to: pool) }
          return (loaded, product)
        },
        consume: { (result: (Loaded, Product)) throws(WriteError) in
          var (loaded, product) = result
          try consume(loaded, product)
          give(&loaded, to: pool)
          done = loaded.piece.range.upperBound
          monitor.progress(done)
        })
    } catch {
      // A signal may be seen while the source is read: what matters is how far the output came.
      throw error.kind == .cancelled ? interrupted(after: done) : error
    }
  }

  private func interrupted(after done: UInt64) -> WriteError {
    WriteError(.cancelled, "\(name): interrupted after \(done) of \(source.size) bytes")
  }

  private func load(
    _ range: Range<UInt64>, from pool: ChunkPool
  ) throws(WriteError) -> Chunk {
    try monitor.spend(range.length &* source.readCost, .reading)
    let chunk = pool.take()
    let length = Int(range.length)
    do throws(ReadError) {
      let count = try unsafe source.read(
        at: range.lowerBound,
        into: UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[..<length]))
      guard count == length else {
        throw ReadError(
          source: source.name, offset: range.lowerBound + UInt64(count),
          reason: "ends here, expected \(source.size) bytes")
      }
    } catch {
      throw WriteError(error)
    }
    return chunk
  }

  private func give(_ loaded: inout Loaded, to pool: ChunkPool) {
    guard let chunk = loaded.chunk else { return }
    pool.giveBack(chunk)
    loaded.chunk = nil
  }
}
