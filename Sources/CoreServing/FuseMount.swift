internal import Bytes
internal import ChildProcesses
internal import CLinux
internal import Glibc
internal import SystemPackage

/// A directory on which a FUSE connection is mounted.
///
/// `fusermount3` does it where it is installed, for root too: it stays behind and takes the mount
/// away when this process ends, however it ends (`auto_unmount`). Without it, root mounts with
/// `mount(2)`. Neither gives other users a way in (`allow_other` is never set).
final class FuseMount: @unchecked Sendable {
  /// The directory, without symbolic links.
  let directory: String
  /// The device, for a ``FuseChannel`` to own.
  let device: FileDescriptor
  private let lock = Lock()
  private var keeper: Keeper?
  private var isMounted = true
  /// Of the mounted file system: what is unmounted must still be that.
  private var number: [UInt32]?

  /// The process of `fusermount3` that waits for the end of this one.
  private struct Keeper {
    let program: String
    let process: ChildProcess
    /// Its other end is the keeper's: closing it is the sign.
    let socket: FileDescriptor
  }

  private static let programs = ["fusermount3", "fusermount"]
  /// The kernel checks the modes, and lists the mount under the program's name.
  private static let options =
    "ro,nosuid,nodev,noexec,default_permissions,fsname=vmcoregen,subtype=vmcoregen,auto_unmount"

  /// Mounts on an existing directory.
  ///
  /// - Parameter isPathKept: whether its path is used as it is: then the mount must be seen there.
  init(on path: String, isPathKept: Bool = false) throws(ServingError) {
    let resolved = try FuseMount.realPath(of: path)
    directory = isPathKept ? path : resolved
    let before = isPathKept ? FuseMount.number(at: path) : nil
    var reasons: [String] = []
    for program in FuseMount.programs {
      do throws(ServingError) {
        let mounted = try FuseMount.mount(on: directory, with: program)
        let found = FuseMount.number(at: directory)
        if let before, found == before {
          throw FuseMount.isElsewhere(directory, mounted.0, mounted.1)
        }
        (device, keeper) = mounted
        number = found
        return
      } catch {
        reasons.append(error.description)
        // The older name is worth a try only where the newer one is not installed.
        if FuseMount.isInstalled(program) { break }
      }
    }
    guard geteuid() == 0 else {
      throw ServingError("\(path): cannot be mounted on: \(reasons.joined(separator: "; "))")
    }
    do throws(ServingError) {
      device = try FuseMount.mount(on: directory)
      number = FuseMount.number(at: directory)
    } catch {
      reasons.append(error.description)
      throw ServingError("\(path): cannot be mounted on: \(reasons.joined(separator: "; "))")
    }
  }

  /// `fusermount3` resolves a path before it mounts there, and it was renamed meanwhile.
  private static func isElsewhere(
    _ directory: String, _ device: FileDescriptor, _ keeper: Keeper?
  ) -> ServingError {
    try? keeper?.socket.close()
    try? device.close()
    _ = keeper?.process.wait()
    return ServingError("\(directory): was renamed while it was mounted on")
  }

  /// Takes the mount away, also while files are open; they can be read until this process ends.
  func unmount() {
    lock.withLock {
      guard isMounted else { return }
      isMounted = false
      // Where somebody else has unmounted it, another file system may have come to light.
      let isThere = number == nil || number == FuseMount.number(at: directory)
      guard let keeper else {
        if isThere { _ = unsafe FileName.with(directory) { unsafe clinux_unmount($0) } }
        return
      }
      self.keeper = nil
      if isThere, unsafe FileName.with(directory, { unsafe clinux_unmount($0) }) != 0 {
        let command = [keeper.program, "-u", "-q", "-z", "--", directory].map(FileName.bytes)
        _ = (try? ChildProcess(command))?.wait()
      }
      try? keeper.socket.close()
      _ = keeper.process.wait()
    }
  }

  /// The device number of the file system at a path.
  private static func number(at path: String) -> [UInt32]? {
    var (major, minor): (UInt32, UInt32) = (0, 0)
    let answer = unsafe FileName.with(path) { unsafe clinux_device_of($0, &major, &minor) }
    return answer == 0 ? [major, minor] : nil
  }

  private static func isInstalled(_ program: String) -> Bool {
    let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/bin:/bin"
    return path.split(separator: ":").contains {
      unsafe access("\($0)/\(program)", X_OK) == 0
    }
  }

  /// Finds out whether a path is a directory.
  static func check(_ path: String) throws(ServingError) { _ = try realPath(of: path) }

  private static func realPath(of path: String) throws(ServingError) -> String {
    guard let resolved = unsafe FileName.with(path, { unsafe realpath($0, nil) }) else {
      throw ServingError("\(path): \(describeErrno()), expected a directory to mount on")
    }
    defer { unsafe free(resolved) }
    guard FileStatus.kind(at: path) == .directory else {
      throw ServingError("\(path): is not a directory, expected one to mount on")
    }
    return unsafe FileName.text(at: resolved)
  }

  private static func mount(on directory: String) throws(ServingError) -> FileDescriptor {
    let device = try FuseChannel.open()
    // Source: kernel, Documentation/filesystems/fuse.rst, "Mount options".
    let options =
      "fd=\(device.rawValue),rootmode=40000,user_id=\(getuid()),group_id=\(getgid())"
      + ",default_permissions"
    let answer = unsafe FileName.with(directory) { unsafe clinux_fuse_mount($0, options) }
    guard answer == 0 else {
      let reason = describeErrno()
      try? device.close()
      throw ServingError("mount: \(reason)")
    }
    return device
  }

  /// Source: libfuse `util/fusermount.c`: the open device comes back through the socket whose
  /// number is in `_FUSE_COMMFD`.
  private static func mount(
    on directory: String, with program: String
  ) throws(ServingError) -> (FileDescriptor, Keeper?) {
    let (ours, theirs) = try socketPair(of: program)
    var surroundings = ChildProcess.Surroundings()
    surroundings.environment = "_FUSE_COMMFD=\(theirs.rawValue)"
    surroundings.kept = theirs.rawValue
    let messages = try? FileDescriptor.pipe()
    if let messages {
      _ = fcntl(messages.readEnd.rawValue, F_SETFD, FD_CLOEXEC)
      surroundings.standard.error = messages.writeEnd.rawValue
    }
    defer { try? messages?.readEnd.close() }
    let process: ChildProcess
    do throws(SpawnError) {
      process = try ChildProcess(
        [program, "-o", options, "--", directory].map(FileName.bytes), in: surroundings)
    } catch {
      for descriptor in [ours, theirs] { try? descriptor.close() }
      try? messages?.writeEnd.close()
      throw ServingError(error.description)
    }
    try? theirs.close()
    try? messages?.writeEnd.close()
    let device = clinux_receive_descriptor(ours.rawValue)
    guard device >= 0 else {
      try? ours.close()
      let text = messages.map { firstLine(of: $0.readEnd) } ?? ""
      _ = process.wait()
      throw ServingError(text.isEmpty ? "\(program): failed" : text)
    }
    return (
      FileDescriptor(rawValue: device), Keeper(program: program, process: process, socket: ours)
    )
  }

  private static func socketPair(
    of program: String
  ) throws(ServingError) -> (FileDescriptor, FileDescriptor) {
    var pair: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &pair) == 0 else {
      throw ServingError("\(program): socketpair: \(describeErrno())")
    }
    return (FileDescriptor(rawValue: pair[0]), FileDescriptor(rawValue: pair[1]))
  }

  /// What a program said before it ended, one line of at most 512 bytes.
  private static func firstLine(of pipe: FileDescriptor) -> String {
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = unsafe bytes.withUnsafeMutableBytes { (try? unsafe pipe.read(into: $0)) ?? 0 }
    return String(decoding: bytes.prefix(count).prefix { $0 != 10 }, as: UTF8.self)
  }
}
