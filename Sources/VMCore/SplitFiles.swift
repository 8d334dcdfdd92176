internal import Bytes
internal import CoreWriting
internal import Glibc

/// The files of a split set; they get their names when all are whole.
struct SplitFiles {
  private let mayReplace: Bool
  /// The files of the image, none of which may be replaced.
  private let images: [FileIdentity]
  private let hasDigest: Bool
  private let control: WriteControl

  /// Files that are written with or without their digests.
  init(mayReplace: Bool, images: [FileIdentity], hasDigest: Bool, _ control: WriteControl) {
    self.mayReplace = mayReplace
    self.images = images
    self.hasDigest = hasDigest
    self.control = control
  }

  /// All parts are open until the last one is written: as many as the system allows.
  private static func allowManyFiles() {
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard unsafe getrlimit(kind, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    unsafe setrlimit(kind, &limit)
  }

  /// Writes `path.1`, `path.2` and so on, as many as it takes, and one file with all digests.
  func write(_ set: PlannedSet, at path: String, size: UInt64) throws(WriteError) {
    _ = try write { parts throws(WriteError) in
      let sidecar = try hasDigest ? DigestFile(for: path, mayReplace: mayReplace) : nil
      try set.writer(control.monitor).write(splitAt: size, name: path) {
        number throws(WriteError) in try open("\(path).\(number)", &parts)
      }
      var digests: [(String, [UInt8]?)] = []
      for part in parts { digests.append((part.file.path, try part.output.digest())) }
      try sidecar?.write(digests)
      return ([sidecar?.file].compactMap { $0 }, nil)
    }
  }

  /// Writes a file of each name, with its digest beside it.
  ///
  /// - Returns: why the files ended early, where shorter ones were kept.
  func write(_ set: PlannedSet, to paths: [String]) throws(WriteError) -> WriteError? {
    try write { parts throws(WriteError) in
      var sidecars: [DigestFile] = []
      for path in paths {
        _ = try open(path, &parts)
        if hasDigest { sidecars.append(try DigestFile(for: path, mayReplace: mayReplace)) }
      }
      let shortage = try set.writer(control.monitor)
        .write(evenlyTo: parts.map(\.output), name: paths[0])
      if let shortage { return ([], shortage) }
      for (part, sidecar) in zip(parts, sidecars) {
        try sidecar.write([(part.file.path, try part.output.digest())])
      }
      return (sidecars.map(\.file), nil)
    }
  }

  /// A file of the set, and what writes it.
  private typealias Part = (file: OutputFile, output: PlacedOutput)

  /// Runs `body`, which opens the parts and returns what lies beside them: all get their names, or
  /// none does.
  private func write(
    _ body: (inout [Part]) throws(WriteError) -> ([OutputFile], WriteError?)
  ) throws(WriteError) -> WriteError? {
    var parts: [Part] = []
    SplitFiles.allowManyFiles()
    do throws(WriteError) {
      let (others, shortage) = try body(&parts)
      try OutputFile.finish(parts.map(\.file) + others, isDurable: control.isDurable)
      return shortage
    } catch {
      for part in parts { part.file.abandon() }
      throw error
    }
  }

  private func open(_ path: String, _ parts: inout [Part]) throws(WriteError) -> PlacedOutput {
    try Destination.refuse(path: path, ifOneOf: images)
    try SplitFiles.refuseStream(at: path)
    let file = try OutputFile(path: path, mayReplace: mayReplace)
    let output = PlacedOutput(
      file.descriptor, name: file.path, leavesHoles: control.isSparse, hasDigest: hasDigest,
      monitor: control.monitor)
    parts.append((file, output))
    return output
  }

  /// A pipe or a device takes no part of a set, and is not replaced by one.
  static func refuseStream(at path: String) throws(WriteError) {
    guard Destination.isStream(at: path) else { return }
    throw WriteError(
      .cannotCreate, "\(path): is no file, expected one for a part of a split set")
  }
}
