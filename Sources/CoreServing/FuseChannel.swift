internal import Bytes
internal import CLinux
internal import Glibc
internal import SystemPackage

/// An open `/dev/fuse`: requests are read from it, answers are written to it. One thread's own.
@safe final class FuseChannel: @unchecked Sendable {
  /// Name of the device.
  static let path = "/dev/fuse"
  /// The thread's buffer for bytes of files.
  let buffer = Chunk(size: FuseProtocol.largestRead)
  private let descriptor: FileDescriptor
  private let request = Chunk(size: FuseProtocol.requestSize)
  /// Never written to: answers of zeros come from here.
  private static let zeros = Chunk(size: FuseProtocol.largestRead)

  /// The channel that a mount was made with.
  init(_ descriptor: FileDescriptor) {
    self.descriptor = descriptor
  }

  deinit {
    try? descriptor.close()
  }

  /// Opens the device.
  static func open() throws(ServingError) -> FileDescriptor {
    do {
      return try FileDescriptor.open(FilePath(path), .readWrite, options: [.closeOnExec])
    } catch {
      throw ServingError("\(path): cannot be opened: \(describe(error))")
    }
  }

  /// One more channel of the same mount. Where the device cannot be opened here (fusermount3 may
  /// have had to do it), this channel's queue is shared.
  func another() -> FuseChannel? {
    if let other = try? FuseChannel.open() {
      if clinux_fuse_clone(other.rawValue, descriptor.rawValue) == 0 { return FuseChannel(other) }
      try? other.close()
    }
    guard let same = try? descriptor.duplicate() else { return nil }
    _ = fcntl(same.rawValue, F_SETFD, FD_CLOEXEC)
    return FuseChannel(same)
  }

  /// Waits for the next request; nil once the mount has ended.
  func next() -> FuseRequest? {
    while true {
      let count = unsafe Glibc.read(
        descriptor.rawValue, request.bytes.baseAddress, request.bytes.count)
      if count >= FuseRequest.headSize {
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: request.bytes[..<count])
        if let request = unsafe FuseRequest(Array(bytes)) { return request }
      } else if count >= 0 {
        // No kernel sends this: the device is something else.
        return nil
      } else if ![EINTR, ENOENT, EAGAIN].contains(errno) {
        // ENODEV: unmounted, or the connection was aborted. ENOENT: the request was taken back.
        return nil
      }
    }
  }

  /// Sends an answer. A failure is not worth a word: ENOENT says that nobody waits any more
  /// (after an interrupt), ENODEV that the mount has ended, which the next read notices.
  func send(_ answer: FuseAnswer, to unique: UInt64) {
    switch answer {
    case .none: break
    case .failure(let error):
      write(FuseAnswer.head(count: 0, error: error, unique: unique))
    case .bytes(let bytes):
      write(FuseAnswer.head(count: bytes.count, error: 0, unique: unique) + bytes)
    case .buffer(let count):
      write(FuseAnswer.head(count: count, error: 0, unique: unique), buffer, count)
    case .zeros(let count):
      write(FuseAnswer.head(count: count, error: 0, unique: unique), FuseChannel.zeros, count)
    }
  }

  private func write(_ bytes: [UInt8]) {
    _ = unsafe bytes.withUnsafeBytes { bytes in
      unsafe Glibc.write(descriptor.rawValue, bytes.baseAddress, bytes.count)
    }
  }

  /// Head and data are one message: the kernel takes them in one call or not at all.
  private func write(_ head: [UInt8], _ data: Chunk, _ count: Int) {
    var head = head
    unsafe head.withUnsafeMutableBytes { head in
      var parts = unsafe (
        iovec(iov_base: head.baseAddress, iov_len: head.count),
        iovec(iov_base: data.bytes.baseAddress, iov_len: count)
      )
      unsafe withUnsafeBytes(of: &parts) { parts in
        _ = unsafe writev(
          descriptor.rawValue, parts.baseAddress?.assumingMemoryBound(to: iovec.self), 2)
      }
    }
  }
}
