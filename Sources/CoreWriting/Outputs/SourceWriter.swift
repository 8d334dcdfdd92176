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
  ///
  /// - Returns: why it ended early, where a shorter file was kept.
  @discardableResult
  package func write(to output: PlacedOutput) throws(WriteError) -> WriteError? {
    var end: UInt64 = 0
    do throws(WriteError) {
      if let early {
        try write(early, to: output) { end = $0 }
      } else {
        try write(0..<source.size, to: output, hashes: output.hasDigest) { end = $0 }
      }
      try output.finish(size: source.size)
    } catch {
      return try endEarly(output, behind: end, error)
    }
    monitor.progress(source.size)
    return nil
  }

  /// Writes a part first, and the beginning last. The digest, which wants an order, is made of the
  /// finished file.
  private func write(
    _ early: EarlyPart, to output: PlacedOutput, isWritten: (UInt64) -> Void
  ) throws(WriteError) {
    for (index, part) in early.order(of: source.size).enumerated() {
      // The head, which comes last, is made anew where the rest does not fit.
      try write(part, to: output, hashes: false) { if index < 3 { isWritten($0) } }
      if index == 1 {
        isWritten(part.upperBound)
        tell(early)
      }
    }
  }

  private func write(
    _ part: Range<UInt64>, to output: PlacedOutput, hashes: Bool, isWritten: (UInt64) -> Void
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
        if hashes {
          if let bytes = unsafe loaded.bytes {
            unsafe output.hash(bytes)
          } else {
            try output.hashZeros(loaded.piece.range.length)
          }
        }
        isWritten(loaded.piece.range.upperBound)
      })
  }
}

// MARK: An early end

extension SourceWriter {
  /// Bytes of a piece that may just fit.
  private static let smallPiece: UInt64 = 4096

  /// Makes a vmcore that cannot be written to its end a shorter one with a mark. Up to `place` all of
  /// it was written, behind that perhaps parts.
  ///
  /// - Returns: why; that is thrown on where it cannot be done.
  private func endEarly(
    _ output: any ByteTarget, behind place: UInt64, _ error: WriteError
  ) throws(WriteError) -> WriteError {
    guard monitor.keepsPartial, output.canEndEarly, error.leavesSoundBytes,
      let vmcore = source as? ELFCoreFile
    else { throw error }
    do throws(WriteError) {
      var end = try output.endEarly(at: place)
      if error.kind == .failed { end = putWhatFits(to: output, from: place) ?? end }
      guard let header = vmcore.header(endingAt: end) else { throw error }
      try output.replace(header, at: 0)
      try output.finish(size: end)
    } catch _ {
      throw error
    }
    return error
  }

  /// Puts what is not zero of all that may have been on its way, until it does not fit.
  ///
  /// - Returns: the offset behind the last byte that was put; nil where there was none.
  private func putWhatFits(to output: any ByteTarget, from start: UInt64) -> UInt64? {
    let most = UInt64(2 * workers + 1) * max(SourcePieces.usualChunk, SourceWriter.recordSize)
    let limit = min(source.size, start + most)
    var place = start
    var end: UInt64?
    while place < limit {
      let extent = source.extent(at: place)
      let piece = min(limit, extent.isHole ? extent.end : place + SourceWriter.smallPiece)
      if !extent.isHole {
        guard let bytes = try? source.bytes(at: place, count: Int(piece - place)),
          bytes.count == Int(piece - place)
        else { break }
        let isZero = unsafe bytes.withUnsafeBytes { unsafe isAllZero($0) }
        if !isZero {
          guard (try? output.put(bytes, at: place)) != nil else { break }
          end = piece
        }
      }
      place = piece
    }
    return end
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
  ///
  /// - Returns: why it ended early, where a shorter file was kept.
  @discardableResult
  package func write(to output: FlattenedOutput) throws(WriteError) -> WriteError? {
    var end: UInt64 = 0
    do throws(WriteError) {
      try writeRecords(to: output) { end = $0 }
      try output.finish(size: source.size)
    } catch {
      return try endEarly(output, behind: end, error)
    }
    return nil
  }

  private func writeRecords(
    to output: FlattenedOutput, isWritten: (UInt64) -> Void
  ) throws(WriteError) {
    let pieces = SourcePieces(source, cut: .atChunks, chunkSize: SourceWriter.recordSize)
    try pipeline(to: output.name, chunkSize: SourceWriter.recordSize).run(
      pieces,
      work: { (loaded: SourcePipeline.Loaded) throws(WriteError) -> Bool in
        guard let bytes = unsafe loaded.bytes else { return true }
        return unsafe isAllZero(bytes)
      },
      consume: { (loaded: SourcePipeline.Loaded, isZero: Bool) throws(WriteError) in
        let range = loaded.piece.range
        if !isZero || range.upperBound == source.size {
          let zeros = unsafe UnsafeRawBufferPointer(
            rebasing: Zeros.chunk.bytes[..<Int(range.length)])
          try unsafe output.put(loaded.bytes ?? zeros, at: range.lowerBound)
        }
        isWritten(range.upperBound)
      })
  }
}
