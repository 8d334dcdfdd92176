import Foundation

extension BuiltImage {
  /// The whole file in memory: for small images.
  package func fileBytes() -> [UInt8] {
    extents.flatMap { memory.read($0.range.lowerBound, $0.range.count) }
  }

  /// Writes the file; pages that hold nothing stay holes.
  package func write(to path: String) throws {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0 else { throw Self.failure(path) }
    defer { close(descriptor) }
    guard ftruncate(descriptor, off_t(fileSize)) == 0 else {
      throw Self.failure(path)
    }
    for extent in extents {
      for part in memory.written(in: extent.range) {
        let bytes = memory.read(part.lowerBound, part.count)
        let offset = off_t(extent.offset + (part.lowerBound - extent.range.lowerBound))
        guard unsafe pwrite(descriptor, bytes, bytes.count, offset) == bytes.count else {
          throw Self.failure(path)
        }
      }
    }
  }

  private static func failure(_ path: String) -> RecipeError {
    RecipeError("\(path): \(unsafe String(cString: strerror(errno)))")
  }
}
