internal import Bytes
internal import Glibc

/// Writes bytes in order to an open descriptor, whatever it is, and can hash them on the way.
package final class OrderedOutput {
  private let descriptor: Int32
  private let name: String
  private let monitor: WriteMonitor
  /// Bytes written so far.
  package private(set) var count: UInt64 = 0
  private var hash: SHA256?

  /// An output on an open descriptor.
  package init(descriptor: Int32, name: String, hasDigest: Bool, monitor: WriteMonitor) {
    self.descriptor = descriptor
    self.name = name
    self.monitor = monitor
    hash = hasDigest ? SHA256() : nil
  }

  /// The SHA-256 of everything written, where it was asked for.
  package var digest: [UInt8]? { hash.map { $0.finish() } }

  /// Writes the next bytes.
  func write(_ bytes: [UInt8]) throws(WriteError) {
    var failure: WriteError?
    unsafe bytes.withUnsafeBytes { buffer in
      do throws(WriteError) { try unsafe write(buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(WriteError) {
    let total = bytes.count
    var done = 0
    while done < total {
      var length = total - done
      if monitor.isCancelled() {
        try waitToFinish(at: count + UInt64(done))
        length = min(length, OrderedOutput.neverBlocking)
      }
      let written = unsafe Glibc.write(
        descriptor, bytes.baseAddress.map { unsafe $0 + done }, length)
      if written >= 0 {
        done += written
      } else if errno == EAGAIN {
        _ = poll(milliseconds: 1000)
      } else if errno != EINTR {
        throw WriteError(stream: name, after: "\(count + UInt64(done))")
      }
    }
    unsafe hash?.update(bytes)
    count += UInt64(total)
  }

  /// A pipe that can be written to takes as many bytes without making one wait (`PIPE_BUF`).
  private static let neverBlocking = 4096
  /// How long an interrupted run waits for its reader, to end where a record ends.
  private static let patience: Int32 = 2000

  private func waitToFinish(at offset: UInt64) throws(WriteError) {
    guard poll(milliseconds: OrderedOutput.patience) else {
      throw WriteError(.cancelled, "\(name): interrupted after \(offset) bytes")
    }
  }

  /// Waits until bytes can be written; false where that takes too long.
  private func poll(milliseconds: Int32) -> Bool {
    var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    let result = unsafe Glibc.poll(&poll, 1, milliseconds)
    return result > 0 || (result < 0 && errno == EINTR)
  }
}

/// A file that is put piece by piece in order, without a gap.
extension OrderedOutput: PlacedOutput {
  package var leavesHoles: Bool { false }

  package func put(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(WriteError) {
    try unsafe write(bytes)
  }

  package func finish(size: UInt64) throws(WriteError) {}

  package func fail() {}
}
