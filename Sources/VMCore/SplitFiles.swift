internal import CoreWriting

/// The files of a split set; they get their names when all are whole.
struct SplitFiles {
  let path: String
  let mayReplace: Bool

  /// Writes the set, and the digests of its files where they were asked for.
  func write(_ job: OutputJob, splitAt size: UInt64) throws(WriteError) {
    var files: [OutputFile] = []
    do throws(WriteError) {
      let sidecar = try job.options.hasDigest ? DigestFile(for: path, mayReplace: mayReplace) : nil
      try job.write(splitAt: size, name: path) { number throws(WriteError) in
        let file = try OutputFile(path: "\(path).\(number)", mayReplace: mayReplace)
        files.append(file)
        return PlacedFile(
          descriptor: file.descriptor, name: file.path, start: 0,
          leavesHoles: job.control.isSparse)
      }
      var digests: [(String, [UInt8]?)] = []
      if sidecar != nil {
        for file in files {
          digests.append(
            (
              file.path,
              try FileDigest(
                descriptor: file.descriptor, name: file.path, start: 0,
                monitor: job.control.monitor
              ).sha256()
            ))
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
