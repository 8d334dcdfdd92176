internal import Bytes
internal import CoreWriting
internal import Glibc
internal import SystemPackage

/// An open descriptor that a vmcore goes to: what it is decides how it is written.
struct Destination {
  private let descriptor: FileDescriptor
  private let name: String
  private let status: FileStatus
  /// The present offset of a file.
  private let offset: UInt64

  /// Whether it is a pipe.
  var isPipe: Bool { status.kind == .pipe }

  /// Looks at an open descriptor.
  init(descriptor: Int32, name: String) throws(WriteError) {
    self.descriptor = FileDescriptor(rawValue: descriptor)
    self.name = name
    do throws(OpenError) {
      status = try FileStatus(of: descriptor, path: name)
    } catch {
      throw WriteError(.cannotCreate, "\(error)")
    }
    let position = try? self.descriptor.seek(offset: 0, from: .current)
    offset = UInt64(max(0, position ?? 0))
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
      descriptor = try FileDescriptor.open(
        FilePath(named: path), .writeOnly, options: [.closeOnExec])
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
      throw isImage(path)
    }
  }

  private static func isImage(_ name: String) -> WriteError {
    WriteError(.cannotCreate, "\(name): is the image itself, expected another file")
  }

  /// Ends its use.
  func close() {
    try? descriptor.close()
  }

  /// What is to be known of it to write so many bytes.
  func target(bytes: UInt64, _ control: WriteControl) throws(WriteError) -> OutputDescriptor {
    let monitor = control.monitor
    guard status.kind == .regular else {
      return OutputDescriptor(inOrder: descriptor.rawValue, name: name, monitor: monitor)
    }
    guard offset <= 1 << 62, bytes <= UInt64(Int64.max) - offset else {
      throw WriteError(
        .cannotCreate,
        "\(name): \(bytes) bytes from offset \(offset) on are more than a file can hold")
    }
    guard !isAppending(descriptor.rawValue) else {
      return OutputDescriptor(inOrder: descriptor.rawValue, name: name, monitor: monitor)
    }
    return OutputDescriptor(
      inPlace: descriptor.rawValue, name: name, start: offset,
      leavesHoles: control.isSparse && isEmpty, monitor: monitor)
  }

  /// Whether nothing lies behind the present offset of a file that a hole would not overwrite.
  private var isEmpty: Bool { status.kind == .regular && status.size <= offset }

  /// Writes at the present offset of a regular file, else in order.
  ///
  /// - Parameter images: files that must not be overwritten by their own vmcore.
  func write(
    _ file: PlannedFile, sparing images: [FileIdentity], _ control: WriteControl
  ) throws(WriteError) -> PlannedFile.Written {
    var control = control
    // What lies behind the output already is not this program's.
    if !isEmpty { control.keepsPartial = false }
    if images.contains(status.identity) { throw Destination.isImage(name) }
    let target = try target(bytes: file.work, control)
    do throws(WriteError) {
      let written = try file.write(to: target)
      if control.isDurable { try OutputFile.sync(descriptor.rawValue, name) }
      return written
    } catch {
      // A redirected file has its name already: it must not look like a vmcore.
      if isEmpty {
        try? descriptor.resize(to: Int64(offset))
        _ = try? descriptor.seek(offset: Int64(offset), from: .start)
      }
      throw error
    }
  }
}
