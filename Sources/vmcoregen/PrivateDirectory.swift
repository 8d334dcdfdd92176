#if ArgumentParser
import Glibc
import VMCore

/// A directory of this user alone, and one in it to mount on. It is reached through its open
/// descriptor: whoever can rename what lies in `TMPDIR` can put nothing in its place.
final class PrivateDirectory {
  /// The inner one, for this process and for those that it starts.
  let inner: String
  private let path: String
  private let descriptor: Int32
  private static let innerName = "mount"

  /// Makes both.
  init(in parent: String) throws {
    path = "\(parent)/vmcoregen." + String(UInt64.random(in: .min ... .max), radix: 36)
    let name = PathText.bytes(of: path).map { CChar(bitPattern: $0) } + [0]
    guard unsafe mkdir(name, 0o700) == 0 else { throw PrivateDirectory.failure(path) }
    descriptor = unsafe open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    var status = stat()
    guard descriptor >= 0, unsafe fstat(descriptor, &status) == 0, status.st_uid == geteuid(),
      status.st_mode & 0o077 == 0, unsafe mkdirat(descriptor, Self.innerName, 0o700) == 0
    else {
      let error = PrivateDirectory.failure(path)
      if descriptor >= 0 { close(descriptor) }
      unsafe rmdir(name)
      throw error
    }
    inner = "/proc/\(getpid())/fd/\(descriptor)/\(Self.innerName)"
  }

  /// Takes both away again.
  func remove() {
    unsafe unlinkat(descriptor, Self.innerName, AT_REMOVEDIR)
    let name = PathText.bytes(of: path).map { CChar(bitPattern: $0) } + [0]
    unsafe rmdir(name)
  }

  deinit {
    close(descriptor)
  }

  private static func failure(_ path: String) -> VMCoreError {
    let number = errno
    return VMCoreError(
      .cannotCreate,
      "\(path): cannot be created for this user alone: \(unsafe String(cString: strerror(number)))"
    )
  }
}
#endif
