package import Bytes
internal import CLinux
internal import Glibc

/// Writes a vmcore to a regular file at any offset, with all processors: pages of zeros and holes
/// of the image become holes, and extents are shared where the file system can.
package final class FileSink: Sendable {
  private let descriptor: Int32
  private let name: String
  private let start: UInt64
  private let isSparse: Bool
  private let workers: Int
  private let monitor: WriteMonitor

  /// Granularity at which zeros become holes.
  private static let blockSize = 4096
  /// Size of one read: it is read, searched and written while the processor's cache holds it.
  private static let chunkSize = 1 << 18
  /// Below this, sharing an extent costs more than it saves.
  private static let smallestClone: UInt64 = 65_536

  /// A sink that writes from offset `start` of an open file on; where the file already holds
  /// something there, `isSparse` must be false.
  package init(
    descriptor: Int32, name: String, start: UInt64, isSparse: Bool, workers: Int,
    monitor: WriteMonitor
  ) {
    self.descriptor = descriptor
    self.name = name
    self.start = start
    self.isSparse = isSparse
    self.workers = workers
    self.monitor = monitor
  }

  /// Writes all of `source` and sets the file's size.
  package func write(_ source: some ByteSource) throws(WriteError) {
    let pool = ChunkPool(size: FileSink.chunkSize)
    var jobs = JobSequence(source, sink: self)
    var done: UInt64 = 0
    try OrderedPipeline(workers: workers).run(
      produce: { () throws(WriteError) -> Job? in
        if monitor.isCancelled() {
          throw WriteError(.cancelled, "\(name): interrupted after \(done) of \(source.size) bytes")
        }
        return try jobs.next()
      },
      work: { (job: Job) throws(WriteError) -> UInt64 in
        let chunk = pool.take()
        defer { pool.giveBack(chunk) }
        for run in try self.load(job, of: source, into: chunk) {
          try unsafe self.put(chunk.bytes, run, at: job.offset, of: source.size)
        }
        return job.offset + UInt64(job.count)
      },
      consume: { (end: UInt64) throws(WriteError) in
        done = end
        monitor.progress(end)
      })
    try setSize(to: start + source.size, of: source.size)
    monitor.progress(source.size)
  }

  /// A stretch of the output that has to be read and written.
  fileprivate struct Job: Sendable {
    let offset: UInt64
    let count: Int
  }

  /// Reads a job into a chunk; the answer is which of its bytes have to be written.
  private func load(
    _ job: Job, of source: some ByteSource, into chunk: Chunk
  ) throws(WriteError) -> [Range<Int>] {
    let buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[..<job.count])
    let count: Int
    do throws(ReadError) {
      count = try unsafe source.read(at: job.offset, into: buffer)
    } catch {
      throw WriteError(error)
    }
    return unsafe isSparse ? FileSink.runs(in: buffer, count: count) : [0..<count]
  }

  /// The stretches between blocks of zeros.
  private static func runs(
    in buffer: UnsafeMutableRawBufferPointer, count: Int
  ) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var start = 0
    for position in stride(from: 0, to: count, by: blockSize) {
      let end = min(position + blockSize, count)
      guard unsafe isAllZero(UnsafeRawBufferPointer(rebasing: buffer[position..<end])) else {
        continue
      }
      if start < position { runs.append(start..<position) }
      start = end
    }
    if start < count { runs.append(start..<count) }
    return runs
  }

  private func put(
    _ buffer: UnsafeMutableRawBufferPointer, _ range: Range<Int>, at offset: UInt64,
    of size: UInt64
  ) throws(WriteError) {
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer[range])
    let done = unsafe OpenFile(descriptor: descriptor)
      .write(bytes, at: start + offset + UInt64(range.lowerBound))
    guard done == range.count else {
      throw failure(at: offset + UInt64(range.lowerBound + done), of: size)
    }
  }

  private func setSize(to end: UInt64, of size: UInt64) throws(WriteError) {
    guard OpenFile(descriptor: descriptor).finish(at: end) else {
      throw failure(at: size, of: size)
    }
  }

  private func failure(at offset: UInt64, of size: UInt64) -> WriteError {
    WriteError(.failed, "\(name): \(describeErrno()), at \(offset) of \(size) bytes")
  }

  /// Shares an extent of the image with the output; false where that cannot be done.
  fileprivate func clone(_ place: FilePosition, count: UInt64, at offset: UInt64) -> Bool {
    clinux_clone_range(
      place.descriptor, Int64(place.offset), count, descriptor, Int64(start + offset)) == 0
  }

  /// The work in ascending order: holes are passed over, what can be shared is shared at once.
  private struct JobSequence<Source: ByteSource> {
    private let source: Source
    private let sink: FileSink
    private var offset: UInt64 = 0
    private var canClone: Bool

    init(_ source: Source, sink: FileSink) {
      self.source = source
      self.sink = sink
      canClone = sink.isSparse
    }

    mutating func next() throws(WriteError) -> Job? {
      while offset < source.size {
        let extent = source.extent(at: offset)
        if extent.isHole && sink.isSparse {
          offset = extent.end
          continue
        }
        if let shared = share(upTo: extent.end) {
          offset += shared
          continue
        }
        // Chunks end at multiples of their size, so that blocks are blocks of the output.
        let limit = (offset / UInt64(FileSink.chunkSize) + 1) * UInt64(FileSink.chunkSize)
        var end = extent.end
        while end < limit, end < source.size {
          let following = source.extent(at: end)
          if following.isHole && sink.isSparse && following.end - end >= 4096 { break }
          end = following.end
        }
        let stop = min(end, limit, source.size)
        defer { offset = stop }
        return Job(offset: offset, count: Int(stop - offset))
      }
      return nil
    }

    private mutating func share(upTo end: UInt64) -> UInt64? {
      let block = UInt64(FileSink.blockSize)
      let count = (end - offset).roundedDown(to: block)
      guard canClone, count >= FileSink.smallestClone, (sink.start + offset) % block == 0,
        let place = source.filePosition(at: offset), place.offset % block == 0
      else { return nil }
      if sink.clone(place, count: count, at: offset) { return count }
      canClone = false
      return nil
    }
  }
}
