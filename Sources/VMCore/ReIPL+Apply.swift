internal import Bytes
internal import DumpRecords
internal import SystemPackage

extension CrashReport.ReIPL {
  /// A file below `/sys/firmware/reipl`.
  public struct FirmwareFile: Equatable, Sendable {
    /// Its path from there.
    public let name: String
    /// What is written to it.
    public let content: [UInt8]
  }

  /// What makes a running kernel start what the block says, in the order in which it is written.
  ///
  /// - Throws: ``VMCoreError`` of kind `unusable` for a block that a running kernel cannot be given,
  ///   as that of a dump tool.
  public func firmwareFiles() throws(VMCoreError) -> [FirmwareFile] {
    try files().map { FirmwareFile(name: $0.name, content: $0.content) }
  }

  /// Makes the running kernel start what the block says: for a second kernel that could not take the
  /// block itself. The type is set last and only where all else was.
  ///
  /// - Parameter root: what stands for `/`.
  /// - Returns: the files that were written, in order.
  @discardableResult
  public func apply(root: String = "/") throws(VMCoreError) -> [String] {
    let files = try files()
    let directory = "\(root.hasSuffix("/") ? String(root.dropLast()) : root)/sys/firmware/reipl"
    let present = files.filter { FileStatus.kind(at: "\(directory)/\($0.name)") != nil }
    for file in files where !file.mayLack && !present.contains(file) {
      throw VMCoreError(
        .cannotCreate,
        "\(directory)/\(file.name): absent: this kernel cannot be told to start \(typeName), and "
          + "nothing was changed")
    }
    var written: [String] = []
    for file in present {
      do {
        let descriptor = try FileDescriptor.open(
          FilePath(named: "\(directory)/\(file.name)"), .writeOnly,
          options: [.truncate, .closeOnExec])
        // The kernel takes what one call brings.
        _ = try descriptor.closeAfter { try descriptor.writeAll(file.content) }
      } catch {
        throw VMCoreError(
          .writeFailed,
          "\(directory)/\(file.name): \(describe(error)): "
            + "\(written.isEmpty ? "nothing was changed" : "reipl_type was not changed")")
      }
      written.append(file.name)
    }
    return written
  }

  private var typeName: String { attributes.first?.value ?? "" }

  private func files() throws(VMCoreError) -> [IPLParameterBlock.FirmwareFile] {
    guard let block = try? IPLParameterBlock(bytes),
      let files = block.firmwareFiles(clears: clears)
    else {
      throw VMCoreError(
        .unusable,
        "the re-IPL block (\(source)) is of a kind that a running kernel cannot be given: expected "
          + "ccw, fcp, nvme, eckd or nss, and no dump tool")
    }
    return files
  }
}
