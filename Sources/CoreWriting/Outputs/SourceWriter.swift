package import Bytes

/// Writes a file that can be read at any offset, as it is.
package struct SourceWriter {
  private let source: any ByteSource
  private let workers: Int
  private let monitor: WriteMonitor
  private let early: EarlyPart?

  /// A writer of all of `source`.
  ///
  /// - Parameter early: what is written first of it.
  package init(
    _ source: any ByteSource, workers: Int, monitor: WriteMonitor, early: EarlyPart? = nil
  ) {
    self.source = source
    self.early = early
    self.workers = workers
    self.monitor = monitor
  }

  private func tell(_ early: EarlyPart) {
    if let notice = early.isWritten() { monitor.notice(notice) }
  }

  private func pipeline(to name: String, chunkSize: UInt64) -> SourcePipeline {
    SourcePipeline(
      source: source, workers: workers, monitor: monitor, name: name, chunkSize: chunkSize)
  }
}

// MARK: In place

extension SourceWriter {
  /// Writes a file in place by all workers; the digest is made on the way.
  package func write(to output: PlacedOutput) throws(WriteError) {
    guard let early else {
      try write(0..<source.size, to: output, hashes: output.hasDigest)
      return try finish(output)
    }
    // The digest, which wants an order, is made of the finished file.
    for (index, part) in early.order(of: source.size).enumerated() {
      try write(part, to: output, hashes: false)
      if index == 0 { tell(early) }
    }
    try finish(output)
  }

  private func finish(_ output: PlacedOutput) throws(WriteError) {
    try output.finish(size: source.size)
    monitor.progress(source.size)
  }

  private func write(
    _ part: Range<UInt64>, to output: PlacedOutput, hashes: Bool
  ) throws(WriteError) {
    let pieces = SourcePieces(
      source, cut: output.leavesHoles ? .atHoles(sharingWith: output) : .anywhere,
      largest: hashes ? SourcePieces.usualChunk : .max, part: part)
    try pipeline(to: output.name, chunkSize: SourcePieces.usualChunk).run(
      pieces, readsShared: hashes, keepsBytes: hashes,
      work: { (loaded: SourcePipeline.Loaded) throws(WriteError) in
        if loaded.piece.kind == .data, let bytes = unsafe loaded.bytes {
          try unsafe output.put(bytes, at: loaded.piece.range.lowerBound)
        }
      },
      consume: { (loaded: SourcePipeline.Loaded, _: Void) throws(WriteError) in
        guard hashes else { return }
        if let bytes = unsafe loaded.bytes {
          unsafe output.hash(bytes)
        } else {
          try output.hashZeros(loaded.piece.range.length)
        }
      })
  }
}

// MARK: In order

extension SourceWriter {
  /// Writes in order: what can be moved is moved, the rest is copied. What is hashed is looked at,
  /// and read by all workers.
  package func write(to output: OrderedOutput) throws(WriteError) {
    guard output.hasDigest else { return try stream(to: output) }
    var pending = early
    let pieces = SourcePieces(source, cut: .atChunks, largest: SourcePieces.usualChunk)
    try pipeline(to: output.name, chunkSize: SourcePieces.usualChunk).run(
      pieces,
      work: { (_: SourcePipeline.Loaded) throws(WriteError) in () },
      consume: { (loaded: SourcePipeline.Loaded, _: Void) throws(WriteError) in
        if let bytes = unsafe loaded.bytes {
          try unsafe output.write(bytes)
        } else {
          try output.writeZeros(loaded.piece.range.length)
        }
        tell(&pending, loaded.piece.range.upperBound)
      })
  }

  /// Tells of the early part once it lies before what is written.
  private func tell(_ pending: inout EarlyPart?, _ offset: UInt64) {
    guard let early = pending, offset >= early.range.upperBound else { return }
    pending = nil
    tell(early)
  }

  private func stream(to output: OrderedOutput) throws(WriteError) {
    let chunk = Chunk()
    var pending = early
    var offset: UInt64 = 0
    while offset < source.size {
      if monitor.isCancelled() { throw output.interruption }
      offset += try writePiece(at: offset, to: output, chunk)
      tell(&pending, offset)
      monitor.progress(offset)
    }
  }

  private func writePiece(
    at offset: UInt64, to output: OrderedOutput, _ chunk: Chunk
  ) throws(WriteError) -> UInt64 {
    let extent = source.extent(at: offset)
    let length = min(extent.end - offset, UInt64(Chunk.usualSize))
    if length >= Zeros.smallestGain {
      if extent.isHole {
        try output.writeZeros(length)
        return length
      }
      if output.movesPages, let place = source.filePosition(at: offset),
        let moved = try output.move(place, length)
      {
        return moved
      }
    }
    return try copy(from: offset, to: output, chunk)
  }

  /// Copies what lies between here and the next large piece through a buffer.
  private func copy(
    from offset: UInt64, to output: OrderedOutput, _ chunk: Chunk
  ) throws(WriteError) -> UInt64 {
    var end = offset
    while end < source.size, end - offset < UInt64(Chunk.usualSize) {
      let extent = source.extent(at: end)
      if output.movesPages || extent.isHole, end > offset,
        extent.end - end >= Zeros.smallestGain
      {
        break
      }
      end = extent.end
    }
    let count = Int(min(end - offset, UInt64(Chunk.usualSize)))
    try monitor.spend(UInt64(count) &* source.readCost, .reading)
    let buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[..<count])
    let read: Int
    do throws(ReadError) {
      read = try unsafe source.read(at: offset, into: buffer)
    } catch {
      throw WriteError(error)
    }
    try unsafe output.write(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
    return UInt64(read)
  }
}

// MARK: Flattened

extension SourceWriter {
  /// Bytes of one record; ``FlattenedView`` has the same for files that are not huge.
  private static let recordSize: UInt64 = 1 << 20

  /// Writes records of one size. One is left out where all of it is zero, save the last, which gives
  /// the file its length.
  package func write(to output: FlattenedOutput) throws(WriteError) {
    let pieces = SourcePieces(source, cut: .atChunks, chunkSize: SourceWriter.recordSize)
    try pipeline(to: output.name, chunkSize: SourceWriter.recordSize).run(
      pieces,
      work: { (loaded: SourcePipeline.Loaded) throws(WriteError) -> Bool in
        guard let bytes = unsafe loaded.bytes else { return true }
        return unsafe isAllZero(bytes)
      },
      consume: { (loaded: SourcePipeline.Loaded, isZero: Bool) throws(WriteError) in
        let range = loaded.piece.range
        guard !isZero || range.upperBound == source.size else { return }
        let zeros = unsafe UnsafeRawBufferPointer(
          rebasing: Zeros.chunk.bytes[..<Int(range.length)])
        try unsafe output.put(loaded.bytes ?? zeros, at: range.lowerBound)
      })
    try output.finish(size: source.size)
  }
}
