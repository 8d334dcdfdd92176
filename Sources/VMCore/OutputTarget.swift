internal import Bytes
internal import CoreWriting

/// Where an output goes.
public enum OutputTarget: Sendable {
  /// A new file of that name, which appears only when it is whole and is readable by its owner
  /// alone; a pipe or a device of that name is written to as it is. A split set is written to
  /// `path.1`, `path.2` and so on, a digest to `path.sha256`. Where `mayReplace` is set, an existing
  /// file is replaced.
  case file(path: String, mayReplace: Bool = false)
  /// New files of a split set of as many files (``OutputOptions/splitCount``), in the order of their
  /// pages.
  case files([String], mayReplace: Bool = false)
  /// An open descriptor: a regular file at its present offset, or a stream. Messages call it `name`.
  case descriptor(Int32, name: String)
}

extension OutputTarget {
  /// Finds what stands in the way of an output, before an image is searched for minutes.
  public func check(for output: OutputOptions) throws(VMCoreError) {
    switch self {
    case .descriptor:
      if try output.checkedDivision() != nil { throw OutputTarget.setWithoutName }
    case .files(let paths, let mayReplace):
      try OutputTarget.check(set: paths, mayReplace: mayReplace, hasDigest: output.hasDigest)
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

  /// The files of a set are files of their own.
  private static func check(
    set paths: [String], mayReplace: Bool, hasDigest: Bool
  ) throws(VMCoreError) {
    var names: Set<OutputTarget.Place> = []
    for path in paths {
      guard names.insert(Place(of: path)).inserted else {
        throw VMCoreError(.usage, "\(path): stands for two files of a split set")
      }
      do throws(WriteError) {
        try SplitFiles.refuseStream(at: path)
      } catch {
        throw VMCoreError(error)
      }
      var part = OutputOptions()
      part.hasDigest = hasDigest
      try OutputTarget.file(path: path, mayReplace: mayReplace).check(for: part)
    }
  }

  /// A name in a folder, whatever the way to it.
  private struct Place: Hashable {
    private let folder: FileIdentity?
    /// The path, where there is no such folder.
    private let name: String

    init(of path: String) {
      let (directory, name) = FileName.split(path)
      folder = FileStatus.identity(at: directory.isEmpty ? "." : directory)
      self.name = folder == nil ? path : name
    }
  }

  static let setWithoutName = VMCoreError(
    .usage, "a split set needs names for its files: expected an output file, or as many as it has")

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
