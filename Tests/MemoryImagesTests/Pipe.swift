import Bytes
import Glibc
import MemoryImages

/// Bytes that can only be read in order: no more of them than a pipe holds at once.
enum Pipe {
  /// What is made of bytes that come through a pipe.
  static func open(
    _ bytes: [UInt8], _ options: ImageOptions = ImageOptions(machines: [])
  ) throws(ImageError) -> MemoryImage {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0, fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0 else {
      throw ImageError(.cannotOpen, "no pipe")
    }
    defer { close(ends[0]) }
    let written = write(ends[1], bytes, bytes.count)
    close(ends[1])
    guard written == bytes.count else { throw ImageError(.cannotOpen, "a pipe holds less") }
    return try ImageFormat.open(path: "/dev/fd/\(ends[0])", options: options)
  }
}
