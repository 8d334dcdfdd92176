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
  func write(_ job: OutputJob, splitAt size: UInt64) throws(WriteError) {
    var files: [OutputFile] = []
    var parts: [PlacedFile] = []
    SplitFiles.allowManyFiles()
    do throws(WriteError) {
      let sidecar = try job.options.hasDigest ? DigestFile(for: path, mayReplace: mayReplace) : nil
      try job.write(splitAt: size, name: path) { number throws(WriteError) in
        try Destination.refuse(path: "\(path).\(number)", ifOneOf: images)
        let file = try OutputFile(path: "\(path).\(number)", mayReplace: mayReplace)
        let part = PlacedFile(
          descriptor: file.descriptor, name: file.path, start: 0,
          leavesHoles: job.control.isSparse)
        files.append(file)
        parts.append(part)
        return part
      }
      var digests: [(String, [UInt8]?)] = []
      if sidecar != nil {
        for (file, part) in zip(files, parts) {
          let digest = FileDigest(
            descriptor: file.descriptor, name: file.path, start: 0, count: part.size,
            monitor: job.control.monitor)
          digests.append((file.path, try digest.sha256()))
        }
      }
      try sidecar?.write(digests)
      try OutputFile.finish(files + [sidecar?.file].compactMap { $0 })
    } catch {
      for file in files { file.abandon() }
      throw error
    }
  }
}
