internal import Bytes
internal import CoreWriting
internal import Glibc

/// The files of a split set; they get their names when all are whole.
struct SplitFiles {
  let path: String
  let mayReplace: Bool
  /// The files of the image, none of which may be replaced.
  let images: [FileIdentity]

  /// All parts are open until the last one is written: as many as the system allows.
  private static func allowManyFiles() {
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard unsafe getrlimit(kind, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    unsafe setrlimit(kind, &limit)
  }

  /// Writes the set, and the digests of its files where they were asked for.
  func write(
    _ set: PlannedSet, hasDigest: Bool, _ control: WriteControl
  ) throws(WriteError) {
    var files: [OutputFile] = []
    var parts: [PlacedOutput] = []
    SplitFiles.allowManyFiles()
    do throws(WriteError) {
      let sidecar = try hasDigest ? DigestFile(for: path, mayReplace: mayReplace) : nil
      try set.write(name: path, monitor: control.monitor) { number throws(WriteError) in
        let file = try open(number)
        files.append(file)
        let part = PlacedOutput(
          file.descriptor, name: file.path, leavesHoles: control.isSparse, hasDigest: hasDigest,
          monitor: control.monitor)
        parts.append(part)
        return part
      }
      var digests: [(String, [UInt8]?)] = []
      for part in parts { digests.append((part.name, try part.digest())) }
      try sidecar?.write(digests)
      try OutputFile.finish(files + [sidecar?.file].compactMap { $0 })
    } catch {
      for file in files { file.abandon() }
      throw error
    }
  }

  private func open(_ number: Int) throws(WriteError) -> OutputFile {
    try Destination.refuse(path: "\(path).\(number)", ifOneOf: images)
    return try OutputFile(path: "\(path).\(number)", mayReplace: mayReplace)
  }
}
