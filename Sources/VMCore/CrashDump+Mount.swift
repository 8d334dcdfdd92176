internal import Bytes
internal import CoreServing
internal import CoreWriting
internal import MemoryImages

extension CrashDump {
  /// Shows the vmcore and what belongs to it as files in a directory, through the kernel's FUSE
  /// protocol: nothing is stored, bytes are read from the image when they are asked for.
  ///
  /// ```swift
  /// let mounted = try dump.mount(on: "/mnt", showing: MountOptions())
  /// defer { mounted.unmount() }
  /// ```
  ///
  /// - Throws: ``VMCoreError`` of kind `cannotCreate` where this cannot be done here.
  public func mount(
    on directory: String, showing options: MountOptions = MountOptions()
  ) throws(VMCoreError) -> MountedDump {
    // From here on others decide what is read, and how often.
    image.budget.endCounting()
    do throws(ServingError) {
      return MountedDump(
        try FileServer(
          servedFiles(options), on: directory, isPathKept: options.isPathKept,
          threads: max(2, min(workers, 8)),
          reportFailure: options.reportFailure))
    } catch {
      throw VMCoreError(.cannotCreate, error.description)
    }
  }

  /// Finds out whether a path is a directory to mount on, before an image is searched for minutes.
  public static func checkMountPoint(at directory: String) throws(VMCoreError) {
    do throws(ServingError) { try FileServer.check(mountPoint: directory) } catch {
      throw VMCoreError(.cannotCreate, error.description)
    }
  }

  private func servedFiles(_ options: MountOptions) -> [ServedFile] {
    let file = options.core?.file ?? self.file
    var files = [ServedFile(name: "vmcore", content: file)]
    guard !options.isVMCoreOnly else { return files }
    files.append(
      ServedFile(name: "vmcore.flat", content: FlattenedView(file, name: "vmcore.flat")))
    for part in MountOptions.parts where part != .reipl || hasReIPLBlock {
      if let bytes = try? extract(part) {
        files.append(stored(bytes, as: part.rawValue))
      }
    }
    if var log = try? log(), let text = try? log.text() {
      files.append(stored(text, as: "dmesg.txt"))
    }
    return files + options.additions.map { stored($0.bytes, as: $0.name) }
  }

  /// The block of the last IPL is no answer to what the machine wanted to start next.
  private var hasReIPLBlock: Bool { report.s390?.reIPL.map { !$0.isLastIPL } ?? false }

  private func stored(_ bytes: [UInt8], as name: String) -> ServedFile {
    ServedFile(name: name, content: ByteArraySource(bytes, name: name))
  }
}

/// A file with its whole content.
public struct AddedFile: Equatable, Sendable {
  /// Its name in the mounted directory.
  public var name: String
  /// Its content.
  public var bytes: [UInt8]

  /// A file of a name.
  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}

/// What a mount shows.
public struct MountOptions: Sendable {
  /// The vmcore that is shown; nil: all of it.
  public var core: FilteredCore?
  /// Whether only the file `vmcore` is shown.
  public var isVMCoreOnly = false
  /// Whether the directory is mounted on by the very path that is given, which leads through an open
  /// descriptor (`/proc/PID/fd`): then it does not matter what is renamed meanwhile.
  public var isPathKept = false
  /// Files to be shown beside those that the library makes.
  public var additions: [AddedFile] = []
  /// Told, from any thread, why bytes could not be read; the reader gets `EIO`.
  public var reportFailure: @Sendable (String) -> Void = { _ in }

  /// Everything that there is, nothing added.
  public init() {}

  /// Parts that are files of the mount, each where the image has it.
  static let parts: [ExtractedPart] = [.vmcoreinfo, .reipl]
}

/// A directory that shows a vmcore for as long as this value lives.
public final class MountedDump: Sendable {
  private let server: FileServer

  init(_ server: FileServer) {
    self.server = server
  }

  /// The directory, without symbolic links.
  public var directory: String { server.directory }

  /// The file that shows the vmcore.
  public var vmcorePath: String { "\(directory)/vmcore" }

  /// A descriptor that becomes readable once the directory is unmounted, by whomever.
  public var endDescriptor: Int32 { server.endDescriptor }

  /// Takes the directory's files away. One that is still open can be read until this process ends.
  public func unmount() {
    server.unmount()
  }
}
