package import Bytes

/// A file that a mount shows.
package struct ServedFile: Sendable {
  /// Its name in the directory.
  package let name: String
  /// Its bytes.
  package let content: any ByteSource

  /// A file of that name.
  package init(name: String, content: any ByteSource) {
    self.name = name
    self.content = content
  }
}
