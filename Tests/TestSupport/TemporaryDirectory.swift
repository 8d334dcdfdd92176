import Foundation

/// A directory for one test; it disappears with everything in it.
package final class TemporaryDirectory: Sendable {
  /// Its path.
  package let path: String

  /// An empty directory.
  package init() throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("vmcoregen-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// The path of a name inside.
  package func path(_ name: String) -> String { "\(path)/\(name)" }

  /// A file with these bytes.
  package func file(_ bytes: [UInt8], named name: String = "image.bin") throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }

  /// The bytes of a file inside.
  package func bytes(of name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// The names of everything inside, sorted.
  package var names: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? []
  }
}
