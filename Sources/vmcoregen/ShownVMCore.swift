#if ArgumentParser
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
  private let directory: PrivateDirectory?

  /// Mounts a directory of its own; where that cannot be done, writes the vmcore.
  init(_ dump: CrashDump, _ core: FilteredCore?, inMemory: Bool, quiet: Bool) throws {
    if inMemory {
      self = try ShownVMCore(copying: dump, core, to: nil)
      return
    }
    do {
      self = try ShownVMCore(mounting: dump, core)
    } catch let error as VMCoreError where error.kind == .cannotCreate {
      let directory = ShownVMCore.temporaryDirectory
      if !quiet {
        Diagnostics.say(
          "warning: no FUSE: \(error.description); a temporary file of up to \(core?.size ?? dump.size) bytes "
            + "is written in \(directory)")
      }
      self = try ShownVMCore(copying: dump, core, to: directory)
    }
  }

  /// Takes everything away again.
  func remove() {
    mounted?.unmount()
    directory?.remove()
    withExtendedLifetime(copy) {}
  }

  private init(mounting dump: CrashDump, _ core: FilteredCore?) throws {
    let place = try PrivateDirectory(in: ShownVMCore.temporaryDirectory)
    var options = MountOptions()
    options.isVMCoreOnly = true
    options.isPathKept = true
    options.core = core
    options.reportFailure = { Diagnostics.say($0) }
    do {
      mounted = try dump.mount(on: place.inner, showing: options)
    } catch {
      place.remove()
      throw error
    }
    path = "\(place.inner)/vmcore"
    directory = place
    copy = nil
  }

  private init(copying dump: CrashDump, _ core: FilteredCore?, to directory: String?) throws {
    let copy = try dump.copy(
      in: directory, core, control: WriteControl(isCancelled: { Interruption.isPending }))
    self.copy = copy
    path = copy.path
    mounted = nil
    self.directory = nil
  }

  private static var temporaryDirectory: String {
    guard let value = unsafe getenv("TMPDIR"), unsafe value.pointee != 0 else { return "/tmp" }
    return unsafe PathText.text(of: UnsafeRawBufferPointer(start: value, count: strlen(value)))
  }
}
#endif
