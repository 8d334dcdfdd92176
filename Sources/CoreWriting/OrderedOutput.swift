internal import Bytes
internal import Glibc

/// Writes bytes in order to an open descriptor, whatever it is, and can hash them on the way.
package final class OrderedOutput {
  private let stream: UnblockedStream
  private let name: String
  private let monitor: WriteMonitor
  /// Bytes written so far.
  package private(set) var count: UInt64 = 0
  private var hash: SHA256?

  /// An output on an open descriptor.
  package init(descriptor: Int32, name: String, hasDigest: Bool, monitor: WriteMonitor) {
    stream = UnblockedStream(descriptor)
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
      let written = unsafe stream.write(bytes.baseAddress.map { unsafe $0 + done }, length)
      if written >= 0 {
        done += written
      } else if errno == EAGAIN {
        _ = stream.poll(.milliseconds(100))
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
  private static let patience = Duration.seconds(2)

  private func waitToFinish(at offset: UInt64) throws(WriteError) {
    guard stream.poll(OrderedOutput.patience) else {
      throw WriteError(.cancelled, "\(name): interrupted after \(offset) bytes")
    }
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
