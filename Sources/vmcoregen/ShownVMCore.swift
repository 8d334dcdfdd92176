import CLinux
import Glibc
import VMCore

/// A path under which a vmcore can be read while a command runs: a file on FUSE, else a file
/// without a name, on disk or in memory.
struct ShownVMCore {
  /// The path that stands for the vmcore.
  let path: String
  private let mounted: MountedDump?
  private let directory: String?
  private let descriptor: Int32?

  /// Mounts a directory of its own; where that cannot be done, writes the vmcore.
  init(_ dump: CrashDump, inMemory: Bool, quiet: Bool) throws {
    if inMemory {
      self = try ShownVMCore(writing: dump, to: ShownVMCore.memoryFile(), name: "memory")
      return
    }
    do {
      self = try ShownVMCore(mounting: dump)
    } catch let error as VMCoreError where error.kind == .cannotCreate {
      if !quiet {
        Diagnostics.say(
          "warning: no FUSE: \(error.description); a temporary file of up to \(dump.size) bytes "
            + "is written in \(ShownVMCore.temporaryDirectory)")
      }
      self = try ShownVMCore(
        writing: dump, to: ShownVMCore.temporaryFile(), name: ShownVMCore.temporaryDirectory)
    }
  }

  /// Takes everything away again.
  func remove() {
    mounted?.unmount()
    if let directory { unsafe rmdir(directory) }
    if let descriptor { close(descriptor) }
  }

  private init(mounting dump: CrashDump) throws {
    let directory = try ShownVMCore.makeDirectory()
    var options = MountOptions()
    options.isVMCoreOnly = true
    options.reportFailure = { Diagnostics.say($0) }
    let mounted: MountedDump
    do {
      mounted = try dump.mount(on: directory, showing: options)
    } catch {
      unsafe rmdir(directory)
      throw error
    }
    self.mounted = mounted
    self.directory = directory
    descriptor = nil
    path = mounted.vmcorePath
  }

  /// The file has no name, so nothing is left of it however this process ends; other programs open
  /// it through `/proc`.
  private init(writing dump: CrashDump, to descriptor: Int32, name: String) throws {
    let control = WriteControl(isCancelled: { Interruption.isPending })
    do {
      try dump.write(toDescriptor: descriptor, name: name, control: control)
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    mounted = nil
    directory = nil
    path = "/proc/\(getpid())/fd/\(descriptor)"
  }

  private static var temporaryDirectory: String {
    guard let value = unsafe getenv("TMPDIR") else { return "/tmp" }
    let directory = unsafe String(cString: value)
    return directory.isEmpty ? "/tmp" : directory
  }

  private static func makeDirectory() throws -> String {
    let directory = "\(temporaryDirectory)/vmcoregen.\(uniqueName())"
    guard unsafe mkdir(directory, 0o700) == 0 else {
      throw VMCoreError(.cannotCreate, "\(directory): cannot be created: \(errorText())")
    }
    return directory
  }

  private static func memoryFile() throws -> Int32 {
    let descriptor = unsafe clinux_memory_file("vmcore")
    guard descriptor >= 0 else {
      throw VMCoreError(.cannotCreate, "no file in memory can be made: \(errorText())")
    }
    return descriptor
  }

  private static func temporaryFile() throws -> Int32 {
    let path = "\(temporaryDirectory)/vmcoregen.\(uniqueName())"
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw VMCoreError(.cannotCreate, "\(path): cannot be created: \(errorText())")
    }
    unsafe unlink(path)
    return descriptor
  }

  private static func uniqueName() -> String {
    String(UInt64.random(in: .min ... .max), radix: 36)
  }

  private static func errorText() -> String { unsafe String(cString: strerror(errno)) }
}
