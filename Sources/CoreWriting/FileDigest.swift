internal import Bytes
internal import Glibc

/// The SHA-256 of a file that was written in place, so that its bytes did not come in order.
package struct FileDigest {
  private let descriptor: Int32
  private let name: String
  private let start: UInt64
  private let count: UInt64
  private let monitor: WriteMonitor

  /// So many bytes from offset `start` of an open file on.
  package init(
    descriptor: Int32, name: String, start: UInt64, count: UInt64, monitor: WriteMonitor
  ) {
    self.descriptor = descriptor
    self.name = name
    self.start = start
    self.count = count
    self.monitor = monitor
  }

  /// Reads them; what a file holds behind them does not count.
  package func sha256() throws(WriteError) -> [UInt8] {
    // A redirected file is open for writing alone; this opens it once more.
    let reader = unsafe open("/proc/self/fd/\(descriptor)", O_RDONLY | O_CLOEXEC)
    guard reader >= 0 else { throw failure("be read for its digest") }
    defer { close(reader) }
    let chunk = Chunk()
    var hash = SHA256()
    var done: UInt64 = 0
    while done < count {
      if monitor.isCancelled() {
        throw WriteError(.cancelled, "\(name): interrupted after \(done) bytes of its digest")
      }
      let wanted = Int(min(UInt64(Chunk.usualSize), count - done))
      let read = unsafe pread(reader, chunk.bytes.baseAddress, wanted, off_t(start + done))
      if read == 0 { break }
      guard read > 0 else {
        if errno == EINTR { continue }
        throw failure("be read for its digest")
      }
      unsafe hash.update(UnsafeRawBufferPointer(rebasing: chunk.bytes[..<read]))
      done += UInt64(read)
    }
    return hash.finish()
  }

  private func failure(_ what: String) -> WriteError {
    WriteError(.failed, "\(name): cannot \(what): \(describeErrno())")
  }
}
