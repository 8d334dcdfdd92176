internal import CLinux
internal import Glibc
internal import SystemPackage

/// A regular file or a block device, read with `pread`.
package final class FileSource: ByteSource {
  package let name: String
  package let size: UInt64
  /// Device and inode: tells whether two names are one file.
  package let identity: FileIdentity
  private let descriptor: FileDescriptor

  /// Opens a file for reading at any offset.
  package init(path: String) throws(OpenError) {
    do {
      descriptor = try FileDescriptor.open(
        FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
    } catch {
      throw OpenError(path: path, reason: "cannot be opened: \(describe(error))")
    }
    do {
      let status = try FileStatus(of: descriptor.rawValue, path: path)
      size = try status.readableSize(of: descriptor.rawValue, path: path)
      identity = status.identity
    } catch {
      try? descriptor.close()
      throw error
    }
    name = path
  }

  deinit {
    try? descriptor.close()
  }

  package func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    var done = 0
    while done < buffer.count {
      guard let position = offset.adding(UInt64(done)), position <= UInt64(Int64.max) else {
        return done
      }
      let count = unsafe pread(
        descriptor.rawValue, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done,
        off_t(position))
      if count == 0 { return done }
      if count > 0 {
        done += count
      } else if errno != EINTR {
        throw ReadError(source: name, offset: position, reason: describe(Errno(rawValue: errno)))
      }
    }
    return done
  }

  package func extent(at offset: UInt64) -> SourceExtent {
    guard offset < size else { return SourceExtent(isHole: false, end: offset) }
    let data = clinux_seek_data(descriptor.rawValue, Int64(offset))
    if data < 0 {
      // ENXIO: only a hole follows, unless the file shrank: then reading must say so. Anything
      // else: the file system does not know holes.
      let isHole = errno == ENXIO && lseek(descriptor.rawValue, 0, SEEK_END) >= Int64(size)
      return SourceExtent(isHole: isHole, end: size)
    }
    if UInt64(data) > offset {
      return SourceExtent(isHole: true, end: min(UInt64(data), size))
    }
    let hole = clinux_seek_hole(descriptor.rawValue, Int64(offset))
    return SourceExtent(
      isHole: false, end: hole > Int64(offset) ? min(UInt64(hole), size) : size)
  }

  package func filePosition(at offset: UInt64) -> FilePosition? {
    FilePosition(descriptor: descriptor.rawValue, offset: offset)
  }
}

/// The system's words for an error.
package func describe(_ error: any Error) -> String {
  (error as? Errno)?.description ?? "\(error)"
}

/// The system's words for the current `errno`.
package func describeErrno() -> String {
  Errno(rawValue: errno).description
}
