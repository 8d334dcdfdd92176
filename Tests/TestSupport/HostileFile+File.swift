import Foundation

extension HostileFile {
  /// Writes the file; what is not stored stays a hole.
  package func write(to path: String) throws {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0 else { throw Self.failure(path) }
    defer { close(descriptor) }
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw Self.failure(path) }
    for (offset, bytes) in parts {
      guard unsafe pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count else {
        throw Self.failure(path)
      }
    }
  }

  private static func failure(_ path: String) -> RecipeError {
    RecipeError("\(path): \(unsafe String(cString: strerror(errno)))")
  }
}
