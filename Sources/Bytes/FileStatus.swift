internal import CLinux
internal import Glibc
internal import SystemPackage

/// Device and inode number: equal for two names of one file.
package struct FileIdentity: Hashable, Sendable {
  let device: UInt64
  let inode: UInt64
}

/// What `fstat` tells of an open file.
package struct FileStatus: Sendable {
  /// Device and inode.
  package let identity: FileIdentity
  /// The file type bits of `st_mode`.
  package let kind: Kind
  /// `st_size`.
  package let size: UInt64
  /// Bytes that take room, those of holes not counted (`st_blocks`).
  package let stored: UInt64

  /// What sort of file it is.
  package enum Kind: Sendable {
    case regular, blockDevice, pipe, directory, characterDevice, socket, other

    init(mode: mode_t) {
      self =
        switch mode & S_IFMT {
        case S_IFREG: .regular
        case S_IFBLK: .blockDevice
        case S_IFIFO: .pipe
        case S_IFDIR: .directory
        case S_IFCHR: .characterDevice
        case S_IFSOCK: .socket
        default: .other
        }
    }
  }

  /// The unit of `st_blocks`, whatever the file system's own is.
  private static let blockSize: UInt64 = 512

  /// The status of an open descriptor.
  package init(of descriptor: Int32, path: String) throws(OpenError) {
    var status = stat()
    do throws(Errno) { _ = try systemCall { unsafe fstat(descriptor, &status) } } catch {
      throw OpenError(path: path, reason: "cannot be examined: \(error.description)")
    }
    identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    size = UInt64(max(0, status.st_size))
    stored = UInt64(max(0, status.st_blocks)) &* FileStatus.blockSize
    kind = Kind(mode: status.st_mode)
  }

  /// The number of bytes that can be read at an offset, or why none can.
  func readableSize(of descriptor: Int32, path: String) throws(OpenError) -> UInt64 {
    switch kind {
    case .regular:
      return size
    case .blockDevice:
      let size = clinux_block_device_size(descriptor)
      guard size >= 0 else {
        throw OpenError(path: path, reason: "the size of the block device is not known")
      }
      return UInt64(size)
    case .directory:
      throw OpenError(path: path, reason: "is a directory, expected a memory image")
    case .pipe, .socket, .characterDevice, .other:
      throw OpenError(
        path: path,
        reason: "cannot be read at an offset (a pipe or a terminal): an image is read from "
          + "several places, so store it in a file first, as in 'cat > image.bin'")
    }
  }
}

extension FileStatus {
  /// What sort of file a name stands for; nil where it stands for none.
  package static func kind(at path: String) -> Kind? {
    var status = stat()
    let answer = unsafe FileName.with(path) { unsafe stat($0, &status) }
    return answer == 0 ? Kind(mode: status.st_mode) : nil
  }

  /// Device and inode behind a name; nil where it stands for no file.
  package static func identity(at path: String) -> FileIdentity? {
    var status = stat()
    guard unsafe FileName.with(path, { unsafe stat($0, &status) }) == 0 else { return nil }
    return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }
}

/// Whether every write to a descriptor goes to the end of its file (`O_APPEND`).
package func isAppending(_ descriptor: Int32) -> Bool {
  let flags = clinux_status_flags(descriptor)
  return flags >= 0 && flags & O_APPEND != 0
}
