internal import CoreWriting

/// Where an output goes.
public enum OutputTarget: Sendable {
  /// A new file of that name, which appears only when it is whole and is readable by its owner
  /// alone; a pipe or a device of that name is written to as it is. A split set is written to
  /// `path.1`, `path.2` and so on, a digest to `path.sha256`. Where `mayReplace` is set, an existing
  /// file is replaced.
  case file(path: String, mayReplace: Bool = false)
  /// An open descriptor: a regular file at its present offset, or a stream. Messages call it `name`.
  case descriptor(Int32, name: String)
}

extension OutputTarget {
  /// Finds what stands in the way of an output, before an image is searched for minutes.
  public func check(for output: OutputOptions) throws(VMCoreError) {
    switch self {
    case .descriptor:
      if output.splitSize != nil { throw OutputTarget.setWithoutName }
    case .file(let path, let mayReplace):
      guard !Destination.isStream(at: path) else { return }
      do throws(WriteError) {
        var names = output.splitSize == nil ? [path] : ["\(path).1"]
        if output.hasDigest { names.append(DigestFile.path(for: path)) }
        for name in names { try OutputFile.check(path: name, mayReplace: mayReplace) }
      } catch {
        throw VMCoreError(error)
      }
    }
  }

  static let setWithoutName = VMCoreError(
    .usage, "a split set needs a name: expected an output file")

  /// Ends a flattened stream that was not begun: without it `makedumpfile -R` would wait 600 seconds
  /// for its first byte. Does nothing where the target is no open pipe, or another form is written.
  public func abandon(_ output: OutputOptions) {
    guard case .descriptor(let descriptor, _) = self, output.streamsRecords,
      let destination = try? Destination(descriptor: descriptor, name: ""), destination.isPipe,
      let target = try? destination.target(bytes: 0, WriteControl())
    else { return }
    try? FlattenedOutput(target.ordered()).fail()
  }
}
