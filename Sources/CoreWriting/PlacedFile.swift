internal import Bytes
internal import CLinux
internal import Glibc

/// A regular file that is written in place, from an offset on.
package final class PlacedFile: PlacedOutput {
  private let descriptor: Int32
  private let name: String
  private let start: UInt64
  package let leavesHoles: Bool
  /// Bytes of the file from `start` on, once it is finished.
  package private(set) var size: UInt64 = 0

  /// A file from offset `start` on. Where it already holds something there, `leavesHoles` must be
  /// false.
  package init(descriptor: Int32, name: String, start: UInt64, leavesHoles: Bool) {
    self.descriptor = descriptor
    self.name = name
    self.start = start
    self.leavesHoles = leavesHoles
  }

  package func put(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(WriteError) {
    var done = 0
    while done < bytes.count {
      let count = unsafe pwrite(
        descriptor, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done,
        off_t(start + offset + UInt64(done)))
      if count > 0 {
        done += count
      } else if count == 0 || errno != EINTR {
        throw failure(at: offset + UInt64(done))
      }
    }
  }

  package func finish(size: UInt64) throws(WriteError) {
    self.size = size
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw failure(at: size) }
    if UInt64(max(0, status.st_size)) < start + size,
      ftruncate(descriptor, off_t(start + size)) != 0
    {
      throw failure(at: size)
    }
    // A redirected file goes on behind this one, as after any other program.
    lseek(descriptor, off_t(start + size), SEEK_SET)
  }

  package func fail() {}

  private func failure(at offset: UInt64) -> WriteError {
    WriteError(.failed, "\(name): \(describeErrno()), at offset \(offset)")
  }
}
