import Glibc
import VMCore

/// A path under which a vmcore can be read while a command runs: a file on FUSE, else a file
/// without a name, on disk or in memory.
struct ShownVMCore {
  /// The path that stands for the vmcore.
  let path: String
  private let mounted: MountedDump?
  /// Held: it is gone with this value.
  private let copy: UnnamedCopy?
  private let directory: String?

  /// Mounts a directory of its own; where that cannot be done, writes the vmcore.
  init(_ dump: CrashDump, inMemory: Bool, quiet: Bool) throws {
    if inMemory {
      self = try ShownVMCore(copying: dump, to: nil)
      return
    }
    do {
      self = try ShownVMCore(mounting: dump)
    } catch let error as VMCoreError where error.kind == .cannotCreate {
      let directory = ShownVMCore.temporaryDirectory
      if !quiet {
        Diagnostics.say(
          "warning: no FUSE: \(error.description); a temporary file of up to \(dump.size) bytes "
            + "is written in \(directory)")
      }
      self = try ShownVMCore(copying: dump, to: directory)
    }
  }

  /// Takes everything away again.
  func remove() {
    mounted?.unmount()
    if let directory { unsafe rmdir(directory) }
    withExtendedLifetime(copy) {}
  }

  private init(mounting dump: CrashDump) throws {
    let directory =
      "\(ShownVMCore.temporaryDirectory)/vmcoregen."
      + String(UInt64.random(in: .min ... .max), radix: 36)
    guard unsafe mkdir(directory, 0o700) == 0 else {
      let reason = unsafe String(cString: strerror(errno))
      throw VMCoreError(.cannotCreate, "\(directory): cannot be created: \(reason)")
    }
    var options = MountOptions()
    options.isVMCoreOnly = true
    options.reportFailure = { Diagnostics.say($0) }
    do {
      let mounted = try dump.mount(on: directory, showing: options)
      self.mounted = mounted
      path = mounted.vmcorePath
    } catch {
      unsafe rmdir(directory)
      throw error
    }
    self.directory = directory
    copy = nil
  }

  private init(copying dump: CrashDump, to directory: String?) throws {
    let copy = try dump.copy(
      in: directory, control: WriteControl(isCancelled: { Interruption.isPending }))
    self.copy = copy
    path = copy.path
    mounted = nil
    self.directory = nil
  }

  private static var temporaryDirectory: String {
    let directory = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? ""
    return directory.isEmpty ? "/tmp" : directory
  }
}
