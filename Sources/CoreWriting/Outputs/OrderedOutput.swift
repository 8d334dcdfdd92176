package import Bytes
internal import CLinux
internal import Glibc

/// A descriptor that takes bytes in order alone, whatever it is. Into a pipe what lies in a file is
/// moved without a copy; the bytes can be hashed on the way.
package final class OrderedOutput {
  package let name: String
  /// Whether the digest of what is written was asked for.
  let hasDigest: Bool
  /// How long an interrupted run waits for its reader, so as to end where a record ends.
  var patience = Duration.zero
  private let stream: UnblockedStream
  private let plannedSize: UInt64?
  private let monitor: WriteMonitor
  private var count: UInt64 = 0
  private var hash = SHA256()

  /// The descriptor from its present place on.
  init(_ target: OutputDescriptor, size: UInt64?, hasDigest: Bool) {
    name = target.name
    stream = UnblockedStream(target.descriptor)
    plannedSize = size
    monitor = target.monitor
    self.hasDigest = hasDigest
  }

  /// The SHA-256 of everything written, where it was asked for.
  package var digest: [UInt8]? { hasDigest ? hash.finish() : nil }

  /// Whether bytes can get there without being copied; what is hashed is looked at.
  var movesPages: Bool { stream.isPipe && !hasDigest }

  /// Writes the next bytes.
  package func write(_ bytes: [UInt8]) throws(WriteError) {
    try unsafe bytes.withRawBytes { raw throws(WriteError) in try unsafe write(raw) }
  }

  /// Writes the next bytes.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(WriteError) {
    try monitor.spend(UInt64(bytes.count), .writing)
    try unsafe put(bytes)
  }

  private func put(_ bytes: UnsafeRawBufferPointer) throws(WriteError) {
    let total = bytes.count
    var done = 0
    while done < total {
      let limit = try unlessCancelled(total - done)
      let written = unsafe stream.write(bytes.baseAddress.map { unsafe $0 + done }, limit)
      try wait(after: written)
      done += max(0, written)
      count += UInt64(max(0, written))
    }
    if hasDigest { unsafe hash.update(bytes) }
  }

  /// Writes zeros, which are the next bytes.
  package func writeZeros(_ total: UInt64) throws(WriteError) {
    var left = total
    while left > 0 {
      let length = min(left, UInt64(Chunk.usualSize))
      try monitor.spend(hasDigest ? WriteMonitor.hashCost * length : length, .zeros)
      let zeros = unsafe UnsafeRawBufferPointer(rebasing: Zeros.chunk.bytes[..<Int(length)])
      if movesPages, length >= Zeros.smallestGain {
        let moved = unsafe stream.map(zeros.baseAddress, try unlessCancelled(Int(length)))
        try wait(after: moved)
        count += UInt64(max(0, moved))
        left -= UInt64(max(0, moved))
      } else {
        try unsafe put(zeros)
        left -= length
      }
    }
  }

  /// Moves bytes of an open file here, which are the next ones.
  ///
  /// - Returns: how many were moved, at least one; nil where they have to be read and written.
  package func move(_ place: FilePosition, _ length: UInt64) throws(WriteError) -> UInt64? {
    guard movesPages else { return nil }
    while true {
      let limit = try unlessCancelled(Int(length))
      let moved = stream.splice(place, UInt64(limit))
      // 0: the file ends here after all; reading says so in words, and so it does of other errors
      // that are not the pipe's.
      if moved == 0 || moved < 0 && ![EPIPE, EAGAIN, EINTR].contains(errno) { return nil }
      try wait(after: moved)
      guard moved > 0 else { continue }
      try monitor.spend(UInt64(moved), .writing)
      count += UInt64(moved)
      return UInt64(moved)
    }
  }

  /// A pipe that can be written to takes as many bytes without making one wait (`PIPE_BUF`).
  private static let neverBlocking = 4096

  /// How much may be written now: all, or of an interrupted run what does not make it wait.
  private func unlessCancelled(_ length: Int) throws(WriteError) -> Int {
    guard monitor.isCancelled() else { return length }
    guard stream.poll(patience) else { throw interruption }
    return min(length, OrderedOutput.neverBlocking)
  }

  /// The one way of waiting for a reader; throws where the last call failed for another reason.
  private func wait(after result: Int) throws(WriteError) {
    guard result < 0, errno != EINTR else { return }
    guard errno == EAGAIN else { throw WriteError(stream: name, after: progress) }
    _ = stream.poll(.milliseconds(100))
  }

  /// The run was interrupted after what is written by now.
  var interruption: WriteError {
    WriteError(.cancelled, "\(name): interrupted after \(progress) bytes")
  }

  private var progress: String { plannedSize.map { "\(count) of \($0)" } ?? "\(count)" }
}
