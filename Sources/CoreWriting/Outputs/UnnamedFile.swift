internal import Bytes
internal import CLinux
internal import Glibc
internal import SystemPackage

/// A file without a name, on disk or in memory: nothing is left of it when this process ends,
/// however it ends. Other programs of the same user open it through `/proc`.
package final class UnnamedFile: Sendable {
  /// Open for reading and writing, closed in other programs.
  package var descriptor: Int32 { file.rawValue }
  /// The path for other programs.
  package var path: String { "/proc/\(getpid())/fd/\(descriptor)" }
  private let file: FileDescriptor

  /// A file in memory.
  package init() throws(WriteError) {
    let descriptor = unsafe clinux_memory_file("vmcore")
    guard descriptor >= 0 else {
      throw WriteError(.cannotCreate, "no file in memory can be made: \(describeErrno())")
    }
    file = FileDescriptor(rawValue: descriptor)
  }

  /// A file in the file system of a directory.
  package init(in directory: String) throws(WriteError) {
    let path = "\(directory)/vmcoregen.\(String(UInt64.random(in: .min ... .max), radix: 36))"
    do {
      file = try FileDescriptor.open(
        FilePath(named: path), .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
        permissions: [.ownerRead, .ownerWrite])
    } catch {
      throw WriteError(.cannotCreate, "\(path): cannot be created: \(describe(error))")
    }
    _ = unsafe FileName.with(path) { unsafe unlink($0) }
  }

  deinit {
    try? file.close()
  }
}
