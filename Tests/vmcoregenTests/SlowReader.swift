import Foundation
import TestSupport

/// A pipe whose reader takes only as much as it is told to.
final class SlowReader {
  /// For the writer; the test's own copy is closed by `started`.
  let writeEnd: Int32
  private let readEnd: Int32
  private var isWriteEndOpen = true
  private var isReadEndOpen = true

  init(in scratch: TemporaryDirectory) throws {
    let path = scratch.path("pipe-\(UUID().uuidString)")
    // A named pipe, since both ends are then opened close-on-exec: other tests start programs too.
    mkfifo(path, 0o600)
    readEnd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    writeEnd = open(path, O_WRONLY | O_CLOEXEC)
    unlink(path)
    guard readEnd >= 0, writeEnd >= 0 else { throw LaunchError("no pipe can be made") }
  }

  /// The same with a socket.
  init() throws {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw LaunchError("no socket can be made")
    }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  /// A reader of a named pipe that somebody else opens for writing.
  init(ofPipeAt path: String) throws {
    guard mkfifo(path, 0o600) == 0 else { throw LaunchError("no pipe can be made") }
    readEnd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    writeEnd = -1
    isWriteEndOpen = false
  }

  deinit {
    started()
    stop()
  }

  /// Leaves no room for a single byte.
  func fill() {
    let flags = fcntl(writeEnd, F_GETFL)
    _ = fcntl(writeEnd, F_SETFL, flags | O_NONBLOCK)
    while write(writeEnd, [UInt8](repeating: 0, count: 4096), 4096) > 0 {}
    _ = fcntl(writeEnd, F_SETFL, flags)
  }

  /// The writer has its end now.
  func started() {
    if isWriteEndOpen { close(writeEnd) }
    isWriteEndOpen = false
  }

  /// Reads nothing more.
  func stop() {
    if isReadEndOpen { close(readEnd) }
    isReadEndOpen = false
  }

  /// Reads up to `count` bytes, waiting for the first ones; none at the end.
  func read(_ count: Int) -> [UInt8] {
    var poll = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
    Foundation.poll(&poll, 1, 10_000)
    var bytes = [UInt8](repeating: 0, count: count)
    let result = Foundation.read(readEnd, &bytes, count)
    return Array(bytes.prefix(max(0, result)))
  }

  /// Reads to the end.
  func readAll() -> Int {
    var count = 0
    while case let bytes = read(1 << 20), !bytes.isEmpty { count += bytes.count }
    return count
  }
}
