internal import Bytes
internal import CoreWriting
internal import Glibc
internal import SystemPackage

/// An open descriptor that a vmcore goes to: what it is decides how it is written.
struct Destination {
  private let descriptor: FileDescriptor
  private let name: String
  private let status: FileStatus

  /// Whether it is a pipe.
  var isPipe: Bool { status.kind == .pipe }

  /// Looks at an open descriptor.
  init(descriptor: Int32, name: String) throws(WriteError) {
    self.descriptor = FileDescriptor(rawValue: descriptor)
    self.name = name
    do throws(OpenError) {
      status = try FileStatus(of: descriptor, path: name)
    } catch {
      throw WriteError(.cannotCreate, error.description)
    }
  }

  /// An existing pipe, device or open descriptor of that name, for writing; nil where there is none.
  static func stream(at path: String) throws(WriteError) -> Destination? {
    if let number = descriptor(named: path) {
      guard let own = try? FileDescriptor(rawValue: number).duplicate() else {
        throw WriteError(.cannotCreate, "\(path): is not open")
      }
      return try Destination(descriptor: own.rawValue, name: path).refusingTerminal()
    }
    guard let kind = FileStatus.kind(at: path), kind != .regular else { return nil }
    guard kind != .directory else {
      throw WriteError(.cannotCreate, "\(path): is a directory, expected a file name")
    }
    guard kind != .blockDevice else {
      throw WriteError(
        .cannotCreate, "\(path): is a block device: redirect to it if it shall be overwritten")
    }
    let descriptor: FileDescriptor
    do {
      descriptor = try FileDescriptor.open(FilePath(path), .writeOnly, options: [.closeOnExec])
    } catch {
      throw WriteError(.cannotCreate, "\(path): cannot be opened: \(describe(error))")
    }
    return try Destination(descriptor: descriptor.rawValue, name: path).refusingTerminal()
  }

  /// Whether a name is a pipe, a device or an open descriptor; nothing is opened.
  static func isStream(at path: String) -> Bool {
    if descriptor(named: path) != nil { return true }
    guard let kind = FileStatus.kind(at: path) else { return false }
    return kind != .regular && kind != .directory
  }

  /// The open descriptor that a name like `/dev/stdout` stands for. It is written to as it is: to
  /// replace the name would take it away from every other program.
  private static func descriptor(named path: String) -> Int32? {
    switch path {
    case "/dev/stdin": return 0
    case "/dev/stdout": return 1
    case "/dev/stderr": return 2
    default:
      let folder = ["/dev/fd/", "/proc/self/fd/"].first { path.hasPrefix($0) }
      return folder.flatMap { Int32(path.dropFirst($0.count)) }
    }
  }

  private func refusingTerminal() throws(WriteError) -> Destination {
    guard isatty(descriptor.rawValue) == 0 else {
      close()
      throw WriteError(.cannotCreate, "\(name): is a terminal, expected a file or a pipe")
    }
    return self
  }

  /// The image must not be overwritten by its own vmcore.
  static func refuse(path: String, ifOneOf files: [FileIdentity]) throws(WriteError) {
    if let identity = FileStatus.identity(at: path), files.contains(identity) {
      throw WriteError(.cannotCreate, "\(path): is the image itself, expected another file")
    }
  }

  /// The same for an open descriptor.
  func refuse(ifOneOf files: [FileIdentity]) throws(WriteError) {
    if files.contains(status.identity) {
      throw WriteError(.cannotCreate, "\(name): is the image itself, expected another file")
    }
  }

  func close() {
    try? descriptor.close()
  }

  /// Writes at the present offset of a regular file, else in order.
  ///
  /// - Returns: the SHA-256, where it was asked for.
  func write(_ job: OutputJob) throws(WriteError) -> [UInt8]? {
    let isFile = status.kind == .regular
    let start = (try? descriptor.seek(offset: 0, from: .current)).map { UInt64(max(0, $0)) } ?? 0
    guard start <= 1 << 62, job.file.size <= UInt64(Int64.max) - start else {
      throw WriteError(
        .cannotCreate,
        "\(name): \(job.file.size) bytes from offset \(start) on are more than a file can hold")
    }
    // Behind the present offset there may be old content, which a hole would not overwrite.
    let isEmpty = isFile && status.size <= start
    do throws(WriteError) {
      guard isFile, !isAppending(descriptor.rawValue) else {
        return try job.write(
          inOrderTo: descriptor.rawValue, name: name, isPipe: status.kind == .pipe)
      }
      return try job.write(
        inPlace: descriptor.rawValue, name: name, start: start, mayLeaveHoles: isEmpty)
    } catch {
      // A redirected file has its name already: it must not look like a vmcore.
      if isEmpty {
        try? descriptor.resize(to: Int64(start))
        _ = try? descriptor.seek(offset: Int64(start), from: .start)
      }
      throw error
    }
  }
}
