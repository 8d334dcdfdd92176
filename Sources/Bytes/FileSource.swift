internal import CLinux
internal import Glibc
internal import SystemPackage

/// A regular file or a block device, read with `pread`.
package final class FileSource: ByteSource {
  /// The name that it was opened by.
  package let name: String
  /// Number of bytes, as of when it was opened.
  package let size: UInt64
  /// Device and inode: tells whether two names are one file.
  package let identity: FileIdentity
  /// Bytes that are stored, as of when it was opened: all but those of holes.
  package let stored: UInt64
  private let descriptor: FileDescriptor

  /// Opens a file for reading at any offset.
  package convenience init(path: String) throws(OpenError) {
    let descriptor: FileDescriptor
    do {
      descriptor = try FileDescriptor.open(
        FilePath(named: path), .readOnly, options: [.closeOnExec, .nonBlocking])
    } catch {
      throw OpenError(path: path, reason: "cannot be opened: \(describe(error))")
    }
    try self.init(takingOver: descriptor, name: path)
  }

  /// A file that is open for reading; it is closed with the source.
  init(takingOver descriptor: FileDescriptor, name: String) throws(OpenError) {
    do throws(OpenError) {
      let status = try FileStatus(of: descriptor.rawValue, path: name)
      size = try status.readableSize(of: descriptor.rawValue, path: name)
      identity = status.identity
      stored = try FileSource.stored(of: descriptor.rawValue, status, size, path: name)
    } catch {
      try? descriptor.close()
      throw error
    }
    self.descriptor = descriptor
    self.name = name
  }

  deinit {
    try? descriptor.close()
  }

  /// What a file takes is what it stores where its file system knows holes: some, such as procfs,
  /// say nothing of either.
  ///
  /// The question where the first hole is makes a file system write down what it has put off: before
  /// that ZFS says of a new file that it takes a single block.
  private static func stored(
    of descriptor: Int32, _ status: FileStatus, _ size: UInt64, path: String
  ) throws(OpenError) -> UInt64 {
    guard status.kind == .regular, status.stored < size else { return size }
    let hole = clinux_seek_hole(descriptor, 0)
    guard hole >= 0, UInt64(hole) < size else { return size }
    return min(try FileStatus(of: descriptor, path: path).stored, size)
  }

  /// Reads with `pread`, until the buffer is full or the file ends.
  package func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    var done = 0
    while done < buffer.count {
      guard let position = offset.adding(UInt64(done)), position <= UInt64(Int64.max) else {
        return done
      }
      let count: Int
      do throws(Errno) {
        count = try systemCall {
          unsafe pread(
            descriptor.rawValue, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done,
            off_t(position))
        }
      } catch {
        throw ReadError(source: name, offset: position, reason: error.description)
      }
      if count == 0 { return done }
      done += count
    }
    return done
  }

  /// Asks the file system for holes.
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

  /// The file itself.
  package func filePosition(at offset: UInt64) -> FilePosition? {
    FilePosition(descriptor: descriptor.rawValue, offset: offset)
  }
}
