package import Bytes
internal import CLinux
internal import Glibc

/// Writes a vmcore to something that only takes bytes in order: a pipe, a socket, a terminal's
/// stand-in, or a file opened for appending.
package struct StreamSink {
  private let descriptor: Int32
  private let name: String
  private let isPipe: Bool
  private let monitor: WriteMonitor
  private let chunk = Chunk()
  /// Never written to and never freed, since its pages are mapped into pipes.
  private static let zeros = Chunk()

  /// Below this, a copy is cheaper than the calls that avoid it.
  private static let smallestSplice: UInt64 = 65_536

  /// A sink on an open descriptor.
  package init(descriptor: Int32, name: String, isPipe: Bool, monitor: WriteMonitor) {
    self.descriptor = descriptor
    self.name = name
    self.isPipe = isPipe
    self.monitor = monitor
    if isPipe { _ = clinux_set_pipe_size(descriptor, Int32(Chunk.usualSize)) }
  }

  /// Writes all of `source`.
  package func write(_ source: some ByteSource) throws(WriteError) {
    var offset: UInt64 = 0
    while offset < source.size {
      if monitor.isCancelled() { throw cancelled(at: offset, of: source.size) }
      offset += try writePiece(of: source, at: offset)
      monitor.progress(offset)
    }
  }

  private func writePiece(
    of source: some ByteSource, at offset: UInt64
  ) throws(WriteError) -> UInt64 {
    let extent = source.extent(at: offset)
    let length = min(extent.end - offset, UInt64(Chunk.usualSize))
    if length >= StreamSink.smallestSplice {
      if extent.isHole {
        return isPipe
          ? try mapZeros(length, at: offset, of: source.size)
          : try unsafe put(StreamSink.zeros.bytes, Int(length), at: offset, of: source.size)
      }
      if isPipe, let place = source.filePosition(at: offset),
        let moved = try splice(place, length, at: offset, of: source.size)
      {
        return moved
      }
    }
    return try copy(source, from: offset)
  }

  /// Moves pages of the image into the pipe; nil where the file system cannot do that.
  private func splice(
    _ place: FilePosition, _ count: UInt64, at offset: UInt64, of size: UInt64
  ) throws(WriteError) -> UInt64? {
    let moved = clinux_splice(place.descriptor, Int64(place.offset), descriptor, count)
    if moved > 0 { return UInt64(moved) }
    // 0: the image ends here after all; reading says so in words.
    if moved == 0 || errno == EINVAL { return nil }
    if errno == EINTR || errno == EAGAIN { return try retry(at: offset, of: size) }
    throw failure(at: offset, of: size)
  }

  private func mapZeros(
    _ count: UInt64, at offset: UInt64, of size: UInt64
  ) throws(WriteError) -> UInt64 {
    let moved = unsafe clinux_vmsplice(descriptor, StreamSink.zeros.bytes.baseAddress, count)
    if moved > 0 { return UInt64(moved) }
    if moved == 0 || errno == EINTR || errno == EAGAIN { return try retry(at: offset, of: size) }
    throw failure(at: offset, of: size)
  }

  /// Copies what lies between here and the next large piece through a buffer.
  private func copy(
    _ source: some ByteSource, from offset: UInt64
  ) throws(WriteError) -> UInt64 {
    var end = offset
    while end < source.size, end - offset < UInt64(Chunk.usualSize) {
      let extent = source.extent(at: end)
      if isPipe || extent.isHole, end > offset, extent.end - end >= StreamSink.smallestSplice {
        break
      }
      end = extent.end
    }
    let count = Int(min(end - offset, UInt64(Chunk.usualSize)))
    let buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[..<count])
    let read: Int
    do throws(ReadError) {
      read = try unsafe source.read(at: offset, into: buffer)
    } catch {
      throw WriteError(error)
    }
    return try unsafe put(buffer, read, at: offset, of: source.size)
  }

  private func put(
    _ buffer: UnsafeMutableRawBufferPointer, _ count: Int, at offset: UInt64, of size: UInt64
  ) throws(WriteError) -> UInt64 {
    var done = 0
    while done < count {
      let written = unsafe Glibc.write(
        descriptor, buffer.baseAddress.map { unsafe $0 + done }, count - done)
      if written >= 0 {
        done += written
      } else if errno == EINTR || errno == EAGAIN {
        _ = try retry(at: offset + UInt64(done), of: size)
      } else {
        throw failure(at: offset + UInt64(done), of: size)
      }
    }
    return UInt64(count)
  }

  /// After a signal, or when a non-blocking reader is not ready.
  private func retry(at offset: UInt64, of size: UInt64) throws(WriteError) -> UInt64 {
    if monitor.isCancelled() { throw cancelled(at: offset, of: size) }
    if errno == EAGAIN {
      var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      _ = unsafe Glibc.poll(&poll, 1, 1000)
    }
    return 0
  }

  private func cancelled(at offset: UInt64, of size: UInt64) -> WriteError {
    WriteError(.cancelled, "\(name): interrupted after \(offset) of \(size) bytes")
  }

  private func failure(at offset: UInt64, of size: UInt64) -> WriteError {
    WriteError(stream: name, after: "\(offset) of \(size)")
  }
}
