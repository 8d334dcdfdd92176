internal import Bytes
internal import Glibc

/// The SHA-256 of a file that was written in place, so that its bytes did not come in order.
package struct FileDigest {
  private let descriptor: Int32
  private let name: String
  private let start: UInt64
  private let monitor: WriteMonitor

  /// The bytes from offset `start` of an open file on.
  package init(descriptor: Int32, name: String, start: UInt64, monitor: WriteMonitor) {
    self.descriptor = descriptor
    self.name = name
    self.start = start
    self.monitor = monitor
  }

  /// Reads the file to its end.
  package func sha256() throws(WriteError) -> [UInt8] {
    // A redirected file is open for writing alone; this opens it once more.
    let reader = unsafe open("/proc/self/fd/\(descriptor)", O_RDONLY | O_CLOEXEC)
    guard reader >= 0 else { throw failure("be read for its digest") }
    defer { close(reader) }
    let chunk = Chunk()
    var hash = SHA256()
    var offset = start
    while true {
      if monitor.isCancelled() {
        throw WriteError(
          .cancelled, "\(name): interrupted after \(offset - start) bytes of its digest")
      }
      let count = unsafe pread(reader, chunk.bytes.baseAddress, chunk.bytes.count, off_t(offset))
      if count == 0 { return hash.finish() }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw failure("be read for its digest")
      }
      unsafe hash.update(UnsafeRawBufferPointer(rebasing: chunk.bytes[..<count]))
      offset += UInt64(count)
    }
  }

  private func failure(_ what: String) -> WriteError {
    WriteError(.failed, "\(name): cannot \(what): \(describeErrno())")
  }
}
