internal import Bytes

/// A source read from its start to its end by all workers, and used up in order.
struct SourceChunks {
  let source: any ByteSource
  /// Bytes of one chunk; chunks begin at its multiples.
  let size: Int
  let workers: Int
  let monitor: WriteMonitor
  private let pool: ChunkPool

  /// A stretch of the source.
  struct Piece: Sendable {
    var offset: UInt64
    var count: UInt64
    /// Its bytes, read by a worker; nil for zeros.
    var chunk: Chunk?
  }

  /// The whole of `source` in chunks of `size` bytes.
  init(_ source: any ByteSource, size: Int, workers: Int, monitor: WriteMonitor) {
    self.source = source
    self.size = size
    self.workers = workers
    self.monitor = monitor
    pool = ChunkPool(size: size)
  }

  /// Runs `work` on every piece in any thread, and `consume` on what it makes, in order.
  ///
  /// - Parameter joinsHoles: whether a hole of many chunks is one piece, the last chunk of the source
  ///   excepted.
  func run<Product: Sendable>(
    joinsHoles: Bool = false,
    work: @Sendable (Piece) throws(WriteError) -> Product,
    consume: (Piece, Product) throws(WriteError) -> Void
  ) throws(WriteError) {
    var offset: UInt64 = 0
    var done: UInt64 = 0
    try OrderedPipeline(workers: workers).run(
      produce: { () throws(WriteError) -> Piece? in
        if monitor.isCancelled() {
          throw WriteError(.cancelled, "interrupted after \(done) of \(source.size) bytes")
        }
        guard offset < source.size else { return nil }
        let piece = joinsHoles ? nextOrHole(at: offset) : next(at: offset)
        offset += piece.count
        return piece
      },
      work: { (piece: Piece) throws(WriteError) -> (Piece, Product) in
        let piece = try read(piece)
        return (piece, try work(piece))
      },
      consume: { (product: (Piece, Product)) throws(WriteError) in
        let (piece, result) = product
        try consume(piece, result)
        if let chunk = piece.chunk { pool.giveBack(chunk) }
        done = piece.offset + piece.count
        monitor.progress(done)
      })
  }

  /// What follows, up to a multiple of the size; `chunk` is nil until it is read.
  private func next(at offset: UInt64) -> Piece {
    let end = min(source.size, (offset / UInt64(size) + 1) * UInt64(size))
    return Piece(offset: offset, count: end - offset)
  }

  /// The same, or all chunks from there on that are holes of the source as a whole.
  private func nextOrHole(at offset: UInt64) -> Piece {
    let extent = source.extent(at: offset)
    let lastChunk = (source.size - 1).roundedDown(to: UInt64(size))
    let end = min(extent.end.roundedDown(to: UInt64(size)), lastChunk)
    guard extent.isHole, end > offset else { return next(at: offset) }
    return Piece(offset: offset, count: end - offset)
  }

  private func read(_ piece: Piece) throws(WriteError) -> Piece {
    // Several chunks are holes for certain.
    if piece.count > UInt64(size) { return piece }
    var hole = piece.offset
    while hole < piece.offset + piece.count {
      let extent = source.extent(at: hole)
      guard extent.isHole, extent.end > hole else { break }
      hole = extent.end
    }
    if hole >= piece.offset + piece.count { return piece }
    let chunk = pool.take()
    let buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[..<Int(piece.count)])
    do throws(ReadError) {
      let count = try unsafe source.read(at: piece.offset, into: buffer)
      guard count == Int(piece.count) else {
        throw ReadError(
          source: source.name, offset: piece.offset + UInt64(count),
          reason: "ends here, expected \(source.size) bytes")
      }
    } catch {
      throw WriteError(error)
    }
    if unsafe isAllZero(UnsafeRawBufferPointer(buffer)) {
      pool.giveBack(chunk)
      return piece
    }
    var piece = piece
    piece.chunk = chunk
    return piece
  }
}

extension SourceChunks.Piece {
  /// Runs `body` with the bytes of a piece that is not all zero.
  func withBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws(WriteError) -> Result
  ) throws(WriteError) -> Result? {
    guard let chunk else { return nil }
    return try unsafe body(UnsafeRawBufferPointer(rebasing: chunk.bytes[..<Int(count)]))
  }
}
