internal import Bytes
internal import CLinux
internal import Glibc
internal import SystemPackage

/// Shows files in a directory through the kernel's FUSE protocol, with several threads, until the
/// directory is unmounted.
package final class FileServer: Sendable {
  /// The directory, without symbolic links.
  package var directory: String { mount.directory }
  /// Becomes readable (end of file) when the mount has ended.
  package var endDescriptor: Int32 { end.readEnd.rawValue }
  private let mount: FuseMount
  private let folder: ServedFolder
  private let failures: ReadFailures
  private let end: (readEnd: FileDescriptor, writeEnd: FileDescriptor)

  /// Finds out whether a path is a directory to mount on.
  package static func check(mountPoint path: String) throws(ServingError) {
    try FuseMount.check(path)
  }

  /// Mounts and starts to serve: once this returns, the files can be read.
  ///
  /// - Parameters:
  ///   - isPathKept: whether the path is used as it is, symbolic links and all.
  ///   - reportFailure: told, from any thread, why bytes could not be read: of the first of many.
  package init(
    _ files: [ServedFile], on directory: String, isPathKept: Bool = false, threads: Int,
    reportFailure: @escaping @Sendable (String) -> Void
  ) throws(ServingError) {
    folder = ServedFolder(files)
    failures = ReadFailures(reportFailure)
    do {
      end = try FileDescriptor.pipe()
    } catch {
      throw ServingError("\(directory): \(describe(error))")
    }
    for descriptor in [end.readEnd, end.writeEnd] {
      _ = fcntl(descriptor.rawValue, F_SETFD, FD_CLOEXEC)
    }
    do throws(ServingError) {
      mount = try FuseMount(on: directory, isPathKept: isPathKept)
    } catch {
      for descriptor in [end.readEnd, end.writeEnd] { try? descriptor.close() }
      throw error
    }
    try start(threads: max(1, threads))
  }

  deinit {
    mount.unmount()
    try? end.readEnd.close()
  }

  /// Takes the mount away. Files that are still open can be read until this process ends.
  package func unmount() {
    mount.unmount()
  }

  private func start(threads: Int) throws(ServingError) {
    let running = RunningThreads(end.writeEnd)
    let first = FuseChannel(mount.device)
    try agree(on: first)
    var count = 0
    for number in 0..<threads {
      // A channel of its own saves a thread from waiting for the others' locks in the kernel.
      guard let channel = number == 0 ? first : first.another() else { break }
      let worker = FileServerWorker(folder, channel, failures)
      guard
        let thread = WorkerThread({
          worker.run()
          withExtendedLifetime(running) {}
        })
      else { break }
      thread.detach()
      count += 1
    }
    if count == 0 { throw ServingError("\(directory): no thread can be started") }
    enlargeReadAhead()
  }

  /// The kernel reads 128 KiB ahead; root may ask for more, for this mount alone. Source: kernel,
  /// Documentation/ABI/testing/sysfs-class-bdi.
  ///
  /// This process must never wait for an answer of its own: killed meanwhile it could not end, since
  /// nobody answers any more and its open device keeps the connection alive (kernel,
  /// Documentation/filesystems/fuse.rst, "Aborting a filesystem connection", scenario 1).
  private func enlargeReadAhead() {
    var (major, minor): (UInt32, UInt32) = (0, 0)
    let answer = unsafe FileName.with(directory) {
      unsafe clinux_device_of($0, &major, &minor)
    }
    guard answer == 0 else { return }
    let device = "\(major):\(minor)"
    guard
      let file = try? FileDescriptor.open(
        FilePath("/sys/class/bdi/\(device)/read_ahead_kb"), .writeOnly, options: [.closeOnExec])
    else { return }
    _ = try? file.writeAll("\(FuseProtocol.largestRead >> 10)\n".utf8)
    try? file.close()
  }

  /// Answers the kernel's first request: versions and limits.
  private func agree(on channel: FuseChannel) throws(ServingError) {
    while let request = channel.next() {
      guard request.operation == FuseOpcode.initialize.rawValue,
        let offer = try? FuseOffer(from: request.body)
      else {
        channel.send(.failure(EIO), to: request.unique)
        continue
      }
      if offer.major > FuseProtocol.major {
        // The kernel asks again in the version that it is told.
        channel.send(.bytes(FuseAgreement(offer: offer).encoded), to: request.unique)
        continue
      }
      guard offer.major == FuseProtocol.major, offer.minor >= FuseProtocol.oldestMinor else {
        channel.send(.failure(EPROTO), to: request.unique)
        throw ServingError(
          "\(FuseChannel.path): the kernel speaks version \(offer.major).\(offer.minor), expected "
            + "\(FuseProtocol.major).\(FuseProtocol.oldestMinor) or later")
      }
      channel.send(.bytes(FuseAgreement(offer: offer).encoded), to: request.unique)
      return
    }
    throw ServingError("\(directory): the kernel ended the connection before its first request")
  }
}

/// Held by every thread that serves: the last one that lets go closes the pipe's end.
private final class RunningThreads: Sendable {
  private let descriptor: FileDescriptor

  init(_ descriptor: FileDescriptor) {
    self.descriptor = descriptor
  }

  deinit {
    try? descriptor.close()
  }
}
