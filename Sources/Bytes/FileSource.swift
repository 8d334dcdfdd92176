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
  /// What of it cannot be read.
  package let unreadable: UnreadableParts
  private let descriptor: FileDescriptor
  /// Where it is mapped; nil where it is only read.
  private let windows: MappedWindows?

  /// Opens a file for reading at any offset.
  ///
  /// - Parameter isMapped: whether large parts of it are mapped; nil: where it is a file of the
  ///   kernel's, such as `/proc/vmcore`.
  package convenience init(path: String, isMapped: Bool? = nil) throws(OpenError) {
    let descriptor: FileDescriptor
    do {
      descriptor = try FileDescriptor.open(
        FilePath(named: path), .readOnly, options: [.closeOnExec, .nonBlocking])
    } catch {
      throw OpenError(path: path, reason: "cannot be opened: \(describe(error))")
    }
    try self.init(takingOver: descriptor, name: path, isMapped: isMapped)
  }

  /// A file that is open for reading; it is closed with the source.
  init(
    takingOver descriptor: FileDescriptor, name: String, isMapped: Bool? = nil
  ) throws(OpenError) {
    do throws(OpenError) {
      let status = try FileStatus(of: descriptor.rawValue, path: name)
      size = try status.readableSize(of: descriptor.rawValue, path: name)
      identity = status.identity
      stored = try FileSource.stored(of: descriptor.rawValue, status, size, path: name)
      let isMapped = isMapped ?? (clinux_is_on_procfs(descriptor.rawValue) == 1)
      windows = isMapped ? MappedWindows(of: descriptor.rawValue, size: size) : nil
    } catch {
      try? descriptor.close()
      throw error
    }
    self.descriptor = descriptor
    self.name = name
    unreadable = UnreadableParts(of: name)
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

  /// Reads with `pread`, until the buffer is full or the file ends. Pages that cannot be read cost
  /// themselves where that is endured (``unreadable``).
  package func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    if let known = unsafe lostBytes(at: offset, into: buffer) { return known }
    var done = unsafe windows?.copy(at: offset, into: buffer) ?? 0
    while done < buffer.count {
      guard let position = offset.adding(UInt64(done)), position <= UInt64(Int64.max) else {
        return done
      }
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      do throws(Errno) {
        let count = try unsafe readOnce(at: position, into: rest)
        if count == 0 { return done }
        done += count
      } catch {
        return try unsafe done + readPages(at: position, into: rest, after: error)
      }
    }
    return done
  }

  private func readOnce(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Errno) -> Int {
    try systemCall {
      unsafe pread(descriptor.rawValue, buffer.baseAddress, buffer.count, off_t(offset))
    }
  }

  private func readPages(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer, after error: Errno
  ) throws(ReadError) -> Int {
    do throws(Errno) {
      return try unsafe unreadable.readPages(at: offset, into: buffer, after: error) {
        (place, page) throws(Errno) in try unsafe readOnce(at: place, into: page)
      }
    } catch {
      throw ReadError(source: name, offset: offset, reason: error.description)
    }
  }

  /// Zeros where nothing of what is wanted can be read, as is known by now; nil else.
  private func lostBytes(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    guard unreadable.exist, offset < size else { return nil }
    let count = min(UInt64(buffer.count), size - offset)
    guard unreadable.covers(offset..<offset + count) else { return nil }
    unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(count)])
      .initializeMemory(as: UInt8.self, repeating: 0)
    return Int(count)
  }

  /// Whether there are any by now.
  package var hasUnreadable: Bool { unreadable.exist }

  /// By pages of the file.
  package func firstUnreadable(in range: Range<UInt64>) -> Range<UInt64>? {
    unreadable.first(in: range)
  }

  /// Whether it cannot be read.
  package func isLost(_ range: Range<UInt64>) -> Bool { unreadable.covers(range) }

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
