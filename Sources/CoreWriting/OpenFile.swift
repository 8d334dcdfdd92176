internal import Glibc

/// A regular file that is written in place through a descriptor, by any thread. `errno` says why a
/// call did not do everything.
struct OpenFile {
  let descriptor: Int32

  /// Writes bytes at an offset; returns how many were written.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) -> Int {
    var done = 0
    while done < bytes.count {
      let count = unsafe pwrite(
        descriptor, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done,
        off_t(offset + UInt64(done)))
      if count > 0 {
        done += count
      } else if count == 0 || errno != EINTR {
        break
      }
    }
    return done
  }

  /// Makes the file reach up to `end`, and puts its offset there: a redirected file goes on behind
  /// this output, as after any other program. False where that cannot be done.
  func finish(at end: UInt64) -> Bool {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return false }
    if UInt64(max(0, status.st_size)) < end, ftruncate(descriptor, off_t(end)) != 0 {
      return false
    }
    lseek(descriptor, off_t(end), SEEK_SET)
    return true
  }
}
