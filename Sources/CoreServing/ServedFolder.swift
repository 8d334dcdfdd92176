internal import Bytes
internal import Glibc

/// The one directory of a mount and its files, as the kernel sees them: numbered nodes.
struct ServedFolder: Sendable {
  /// A node: the directory, or one of its files.
  enum Node {
    case folder
    case file(ServedFile)
  }

  private let files: [ServedFile]
  private let created: UInt64
  private let user: UInt32
  private let group: UInt32

  /// A directory that belongs to whoever runs this program.
  init(_ files: [ServedFile]) {
    self.files = files
    created = UInt64(max(0, time(nil)))
    user = getuid()
    group = getgid()
  }

  /// What a node number stands for; nil for a number that was never given out.
  subscript(number: UInt64) -> Node? {
    if number == FuseProtocol.rootNode { return .folder }
    guard number > FuseProtocol.rootNode, number - 2 < UInt64(files.count) else { return nil }
    return .file(files[Int(number - 2)])
  }

  /// The number of the file with a name.
  func number(of name: ArraySlice<UInt8>) -> UInt64? {
    files.firstIndex { $0.name.utf8.elementsEqual(name) }.map { UInt64($0) + 2 }
  }

  /// What `stat` tells of a node: mode 0400 in a directory of mode 0500, since memory is secret.
  func attributes(of number: UInt64) -> FuseAttributes? {
    guard let node = self[number] else { return nil }
    var attributes = FuseAttributes(node: number, user: user, group: group, time: created)
    switch node {
    case .folder:
      attributes.mode = S_IFDIR | 0o500
      attributes.links = 2
    case .file(let file):
      attributes.mode = S_IFREG | 0o400
      attributes.size = file.content.size
    }
    return attributes
  }

  /// Entries from a position on, as many as fit in `count` bytes.
  func entries(from position: UInt64, limit count: Int) -> [UInt8] {
    let names =
      [(FuseProtocol.rootNode, ".", true), (FuseProtocol.rootNode, "..", true)]
      + files.enumerated().map { (UInt64($0.offset) + 2, $0.element.name, false) }
    var bytes: [UInt8] = []
    for (index, (number, name, isFolder)) in names.enumerated() where UInt64(index) >= position {
      let entry = FuseDirectoryEntry(
        node: number, next: UInt64(index) + 1, isFolder: isFolder, name: name
      ).encoded
      guard bytes.count + entry.count <= count else { break }
      bytes += entry
    }
    return bytes
  }
}
