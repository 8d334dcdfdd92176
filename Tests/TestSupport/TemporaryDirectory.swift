import Foundation

/// A directory of a test's own; it disappears with everything in it.
package final class TemporaryDirectory: Sendable {
  /// Its path, without double slashes and symbolic links, so that it can be found in /proc/mounts.
  package let path: String

  private struct NotMade: Error {
    let reason = String(cString: strerror(errno))
  }

  /// An empty directory.
  package init() throws {
    var name = Array((NSTemporaryDirectory() + "/vmcoregen-test-XXXXXX").utf8CString)
    guard mkdtemp(&name) != nil, let resolved = realpath(name, nil) else { throw NotMade() }
    defer { free(resolved) }
    path = String(cString: resolved)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// The path of a name inside.
  package func path(_ name: String) -> String { "\(path)/\(name)" }

  /// A file with these bytes; its path.
  @discardableResult
  package func file(_ bytes: [UInt8], named name: String = "image.bin") throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }

  /// The bytes of a file inside.
  package func bytes(of name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// The names of everything inside, hidden ones too, sorted.
  package var names: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? []
  }
}
