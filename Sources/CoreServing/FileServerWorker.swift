internal import Bytes
internal import CLinux
internal import Glibc

/// Answers requests on one channel, one after the other.
///
/// An interrupt needs no answer: each request ends after one read of the image, and the kernel's
/// protocol lets a server ignore interrupts (Documentation/filesystems/fuse.rst).
struct FileServerWorker: Sendable {
  private let folder: ServedFolder
  private let channel: FuseChannel
  private let failures: ReadFailures

  init(
    _ folder: ServedFolder, _ channel: FuseChannel,
    _ failures: ReadFailures
  ) {
    self.folder = folder
    self.channel = channel
    self.failures = failures
  }

  /// Serves until the mount ends.
  func run() {
    while let request = channel.next() {
      channel.send(answer(to: request), to: request.unique)
    }
  }

  private func answer(to request: FuseRequest) -> FuseAnswer {
    guard let operation = FuseOpcode(rawValue: request.operation) else { return .failure(ENOSYS) }
    do throws(ShortRecord) {
      switch operation {
      case .forget, .batchForget, .interrupt: return .none
      case .initialize: return .failure(EIO)
      case .destroy, .release, .releaseFolder: return .bytes([])
      case .lookup: return lookup(request)
      case .getAttributes: return attributes(request)
      case .open: return try open(request)
      case .openFolder: return openFolder(request)
      case .read: return read(request.node, try FuseReadRequest(from: request.body))
      case .readFolder: return readFolder(request.node, try FuseReadRequest(from: request.body))
      case .seek: return seek(request.node, try FuseSeekRequest(from: request.body))
      case .fileSystemStatus: return fileSystemStatus
      }
    } catch {
      return .failure(EINVAL)
    }
  }

  private func lookup(_ request: FuseRequest) -> FuseAnswer {
    guard case .folder = folder[request.node] else { return .failure(ENOTDIR) }
    guard let name = request.name, let number = folder.number(of: name),
      let attributes = folder.attributes(of: number)
    else { return .failure(ENOENT) }
    return .bytes(attributes.lookupAnswer)
  }

  private func attributes(_ request: FuseRequest) -> FuseAnswer {
    guard let attributes = folder.attributes(of: request.node) else { return .failure(ENOENT) }
    return .bytes(attributes.attributesAnswer)
  }

  private func open(_ request: FuseRequest) throws(ShortRecord) -> FuseAnswer {
    let flags = Int32(bitPattern: try request.body.peek(at: 0, UInt32.self))
    switch folder[request.node] {
    case nil: return .failure(ENOENT)
    case .folder: return .failure(EISDIR)
    case .file:
      guard flags & O_ACCMODE == O_RDONLY else { return .failure(EROFS) }
      return opened(FuseProtocol.keepCache)
    }
  }

  private func openFolder(_ request: FuseRequest) -> FuseAnswer {
    guard case .folder = folder[request.node] else { return .failure(ENOTDIR) }
    return opened(FuseProtocol.keepCache | FuseProtocol.cacheFolder)
  }

  /// `struct fuse_open_out`
  private func opened(_ flags: UInt32) -> FuseAnswer {
    var writer = ByteWriter(order: FuseProtocol.order)
    writer.write(UInt64(0))  // fh
    writer.write(flags)  // open_flags
    writer.write(UInt32(0))  // padding
    return .bytes(writer.bytes)
  }

  private func read(_ number: UInt64, _ request: FuseReadRequest) -> FuseAnswer {
    guard case .file(let file) = folder[number] else { return .failure(EBADF) }
    let size = file.content.size
    guard request.offset < size else { return .bytes([]) }
    let count = Int(
      min(UInt64(request.size), UInt64(FuseProtocol.largestRead), size - request.offset))
    let extent = file.content.extent(at: request.offset)
    if extent.isHole, extent.end - request.offset >= UInt64(count) { return .zeros(count) }
    let part = unsafe UnsafeMutableRawBufferPointer(rebasing: channel.buffer.bytes[..<count])
    do throws(ReadError) {
      return .buffer(try unsafe file.content.read(at: request.offset, into: part))
    } catch {
      failures.report(error.description)
      return .failure(EIO)
    }
  }

  private func readFolder(_ number: UInt64, _ request: FuseReadRequest) -> FuseAnswer {
    guard case .folder = folder[number] else { return .failure(ENOTDIR) }
    let limit = min(Int(request.size), FuseProtocol.largestRead)
    return .bytes(folder.entries(from: request.offset, limit: limit))
  }

  /// `lseek` with `SEEK_DATA` or `SEEK_HOLE`: lets `cp` and `tar` pass over what is not there.
  private func seek(_ number: UInt64, _ request: FuseSeekRequest) -> FuseAnswer {
    guard case .file(let file) = folder[number] else { return .failure(EBADF) }
    let origin = Int32(bitPattern: request.origin)
    guard origin == clinux_seek_origin_data || origin == clinux_seek_origin_hole else {
      return .failure(EINVAL)
    }
    let size = file.content.size
    let wantsHole = origin == clinux_seek_origin_hole
    var offset = request.offset
    guard offset < size else { return .failure(ENXIO) }
    while offset < size {
      let extent = file.content.extent(at: offset)
      if extent.isHole == wantsHole || extent.end <= offset { break }
      offset = extent.end
    }
    // Behind the last byte there is a hole, but never data.
    if offset >= size, !wantsHole { return .failure(ENXIO) }
    var writer = ByteWriter(order: FuseProtocol.order)
    writer.write(min(offset, size))
    return .bytes(writer.bytes)
  }

  /// `struct fuse_kstatfs`: a full file system.
  private var fileSystemStatus: FuseAnswer {
    var writer = ByteWriter(order: FuseProtocol.order)
    for _ in 0..<5 { writer.write(UInt64(0)) }  // blocks, bfree, bavail, files, ffree
    for word: UInt32 in [4096, 255, 4096] { writer.write(word) }  // bsize, namelen, frsize
    writer.pad(to: 80)
    return .bytes(writer.bytes)
  }
}
