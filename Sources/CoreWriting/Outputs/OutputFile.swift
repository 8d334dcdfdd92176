internal import Bytes
internal import CLinux
internal import Glibc
internal import SystemPackage

/// A named output: it lies under a temporary name in the same directory until it is whole.
package final class OutputFile {
  /// The name that was asked for.
  package let path: String
  /// Open for writing.
  package var descriptor: Int32 { file.rawValue }
  private let file: FileDescriptor
  private let temporaryPath: String
  private let mayReplace: Bool
  private var isClosed = false
  private var isFinished = false

  /// Creates the temporary file, readable by its owner alone: memory is secret.
  package init(path: String, mayReplace: Bool) throws(WriteError) {
    self.path = path
    self.mayReplace = mayReplace
    try OutputFile.check(path: path, mayReplace: mayReplace)
    let slash = path.lastIndex(of: "/")
    let directory = slash.map { String(path[...$0]) } ?? ""
    let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    guard !name.isEmpty else {
      throw WriteError(.cannotCreate, "\(path): is a directory, expected a file name")
    }
    let suffix = String(UInt64.random(in: .min ... .max), radix: 36)
    temporaryPath = "\(directory).\(name.prefix(48)).\(suffix).partial"
    do {
      file = try FileDescriptor.open(
        FilePath(temporaryPath), .readWrite,
        options: [.create, .exclusiveCreate, .closeOnExec],
        permissions: [.ownerRead, .ownerWrite])
    } catch {
      throw WriteError(.cannotCreate, "\(path): cannot be created: \(describe(error))")
    }
  }

  /// Finds what stands in the way of a name already.
  package static func check(path: String, mayReplace: Bool) throws(WriteError) {
    if FileStatus.kind(at: path) == .directory {
      throw WriteError(.cannotCreate, "\(path): is a directory, expected a file name")
    }
    if !mayReplace, unsafe access(path, F_OK) == 0 { throw OutputFile.exists(path) }
  }

  deinit {
    if !isFinished { abandon() }
  }

  /// Gives finished files their names: all of them, or none.
  package static func finish(_ files: [OutputFile]) throws(WriteError) {
    var named: [OutputFile] = []
    do throws(WriteError) {
      // Some file systems tell of a full disk only here.
      for file in files { try file.close() }
      for file in files {
        try file.giveName()
        named.append(file)
      }
    } catch {
      for file in named { unsafe unlink(file.path) }
      for file in files { file.abandon() }
      throw error
    }
  }

  /// Gives the finished file its name.
  package func finish() throws(WriteError) {
    try OutputFile.finish([self])
  }

  private func close() throws(WriteError) {
    isClosed = true
    do {
      try file.close()
    } catch {
      throw WriteError(.failed, "\(path): \(describe(error)) while closing it")
    }
  }

  private func giveName() throws(WriteError) {
    isFinished = true
    let result =
      mayReplace
      ? unsafe rename(temporaryPath, path) : unsafe clinux_rename_new(temporaryPath, path)
    if result == 0 { return }
    if !mayReplace, errno == EINVAL, unsafe link(temporaryPath, path) == 0 {
      // The file system cannot rename without replacing: a second name serves as well.
      unsafe unlink(temporaryPath)
      return
    }
    let error: WriteError =
      errno == EEXIST
      ? OutputFile.exists(path)
      : WriteError(.cannotCreate, "\(path): cannot be given its name: \(describeErrno())")
    unsafe unlink(temporaryPath)
    throw error
  }

  /// Removes what was written so far.
  package func abandon() {
    guard !isFinished else { return }
    isFinished = true
    if !isClosed { try? file.close() }
    unsafe unlink(temporaryPath)
  }

  private static func exists(_ path: String) -> WriteError {
    WriteError(.cannotCreate, "\(path): exists already, \(.mayReplace) replaces it")
  }
}
