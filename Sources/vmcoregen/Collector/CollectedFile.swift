import Glibc
import VMCore

/// The names that the scripts of a second kernel give a dump while it is written.
enum CollectedFile {
  /// Whether a file is one that a script created for the dump, or that a run left without a byte:
  /// nothing is lost where it is replaced.
  static func isLeftOver(_ path: String) -> Bool {
    guard path.hasSuffix("-incomplete"), let status = status(of: path) else { return false }
    return status.st_mode & S_IFMT == S_IFREG && status.st_size == 0
  }

  /// Whether that is so of all files of a set that are there.
  static func areLeftOver(_ paths: [String]) -> Bool {
    paths.contains(where: isLeftOver) && paths.allSatisfy { isLeftOver($0) || isAbsent($0) }
  }

  private static func isAbsent(_ path: String) -> Bool {
    status(of: path) == nil && errno == ENOENT
  }

  /// What `lstat` tells; nil where it fails.
  private static func status(of path: String) -> stat? {
    var status = stat()
    let name = PathText.bytes(of: path).map(CChar.init(bitPattern:)) + [0]
    return unsafe lstat(name, &status) == 0 ? status : nil
  }
}
