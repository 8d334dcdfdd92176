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
  /// Another name of the file that this one replaces, until nothing can go wrong any more.
  private var oldPath: String?

  /// Creates the temporary file, readable by its owner alone: memory is secret.
  package init(path: String, mayReplace: Bool) throws(WriteError) {
    self.path = path
    self.mayReplace = mayReplace
    try OutputFile.check(path: path, mayReplace: mayReplace)
    let (directory, name) = FileName.split(path)
    guard !name.isEmpty else {
      throw WriteError(.cannotCreate, "\(path): is a directory, expected a file name")
    }
    temporaryPath = OutputFile.temporaryPath(in: directory, for: name, "partial")
    do {
      file = try FileDescriptor.open(
        FilePath(named: temporaryPath), .readWrite,
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
    if !mayReplace, exists(at: path) { throw OutputFile.exists(path) }
  }

  private static func exists(at path: String) -> Bool {
    unsafe FileName.with(path) { unsafe access($0, F_OK) } == 0
  }

  /// Bytes of a name that its temporary names keep: they have to stay names that a file can have.
  private static let keptBytes = 48

  /// A name beside another one that nobody else has.
  private static func temporaryPath(
    in directory: String, for name: String, _ purpose: String
  ) -> String {
    let kept = FileName.text(of: FileName.bytes(of: name).prefix(keptBytes))
    let suffix = String(UInt64.random(in: .min ... .max), radix: 36)
    return "\(directory).\(kept).\(suffix).\(purpose)"
  }

  deinit {
    if !isFinished { abandon() }
  }

  /// Gives finished files their names: all of them, or none. What they replace lies aside until all
  /// have theirs, and is given back where one of them gets none.
  ///
  /// - Parameter isDurable: whether they are on their disk before they have names, and the names
  ///   before this returns.
  package static func finish(
    _ files: [OutputFile], isDurable: Bool = false
  ) throws(WriteError) {
    var named: [OutputFile] = []
    do throws(WriteError) {
      if isDurable { for file in files { try OutputFile.sync(file.descriptor, file.path) } }
      // Some file systems tell of a full disk only here.
      for file in files { try file.close() }
      for file in files {
        // The last one needs no way back.
        try file.giveName(keepingOld: named.count < files.count - 1)
        named.append(file)
      }
    } catch {
      for file in named.reversed() { file.takeNameBack() }
      for file in files { file.abandon() }
      throw error
    }
    for file in files { file.forgetOld() }
    guard isDurable else { return }
    for directory in Set(files.map { FileName.split($0.path).directory }) {
      syncDirectory(directory.isEmpty ? "." : directory)
    }
  }

  /// Waits until the disk has what was written; what is on none has nothing to wait for.
  package static func sync(_ descriptor: Int32, _ name: String) throws(WriteError) {
    guard fsync(descriptor) != 0, errno != EINVAL, errno != EROFS else { return }
    throw WriteError(.failed, "\(name): \(describeErrno()) while the disk was to get it")
  }

  /// The files have their names: there is nothing to be undone where this fails.
  private static func syncDirectory(_ path: String) {
    let descriptor = unsafe FileName.with(path) {
      unsafe open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    Glibc.close(descriptor)
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

  private func giveName(keepingOld: Bool) throws(WriteError) {
    isFinished = true
    if mayReplace, keepingOld { keepOld() }
    if giveName(by: .renaming) { return }
    if !mayReplace, errno == EINVAL, giveName(by: .linking) {
      // The file system cannot rename without replacing: a second name serves as well.
      unlink(temporaryPath)
      return
    }
    let error: WriteError =
      errno == EEXIST
      ? OutputFile.exists(path)
      : WriteError(.cannotCreate, "\(path): cannot be given its name: \(describeErrno())")
    unlink(temporaryPath)
    throw error
  }

  /// A second name for what will be replaced; where it cannot be had, there is no way back.
  private func keepOld() {
    let (directory, name) = FileName.split(path)
    let kept = OutputFile.temporaryPath(in: directory, for: name, "old")
    let answer = unsafe FileName.with(path) { path in
      unsafe FileName.with(kept) { unsafe Glibc.link(path, $0) }
    }
    if answer == 0 { oldPath = kept }
  }

  /// Undoes ``giveName(keepingOld:)``.
  private func takeNameBack() {
    guard let oldPath else { return unlink(path) }
    let answer = unsafe FileName.with(oldPath) { old in
      unsafe FileName.with(path) { unsafe Glibc.rename(old, $0) }
    }
    if answer == 0 { self.oldPath = nil }
  }

  private func forgetOld() {
    if let oldPath { unlink(oldPath) }
    oldPath = nil
  }

  /// How a file gets another name.
  private enum Naming {
    case renaming, linking
  }

  private func giveName(by naming: Naming) -> Bool {
    unsafe FileName.with(temporaryPath) { from in
      unsafe FileName.with(path) { to in
        switch naming {
        case .linking: unsafe link(from, to)
        case .renaming: mayReplace ? unsafe rename(from, to) : unsafe clinux_rename_new(from, to)
        }
      }
    } == 0
  }

  private func unlink(_ path: String) {
    _ = unsafe FileName.with(path) { unsafe Glibc.unlink($0) }
  }

  /// Removes what was written so far.
  package func abandon() {
    guard !isFinished else { return }
    isFinished = true
    if !isClosed { try? file.close() }
    unlink(temporaryPath)
  }

  private static func exists(_ path: String) -> WriteError {
    WriteError(.cannotCreate, "\(path): exists already, \(.mayReplace) replaces it")
  }
}
