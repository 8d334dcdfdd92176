internal import Bytes
internal import CoreWriting
internal import MemoryImages

extension CrashDump {
  /// Plans a small file that was made of the dump, such as a picture of its memory.
  public func plan(_ bytes: [UInt8]) -> PlannedOutput {
    PlannedOutput(ByteArraySource(bytes, name: image.name), sparing: image.files)
  }
}

extension OutputTarget {
  /// Writes what something prints, in the way of every output, when all of it is printed.
  ///
  /// - Parameters:
  ///   - inputs: files that are read meanwhile, none of which is replaced.
  ///   - print: gets an open descriptor, and answers whether what it printed there is to be kept.
  public func write(
    sparing inputs: [String], printing print: (Int32) -> Bool
  ) throws(VMCoreError) {
    try check(for: OutputOptions())
    let images = inputs.compactMap { FileStatus.identity(at: $0) }
    let printed: UnnamedFile
    do throws(WriteError) {
      if case .file(let path, _) = self { try Destination.refuse(path: path, ifOneOf: images) }
      printed = try UnnamedFile()
    } catch {
      throw VMCoreError(error)
    }
    guard print(printed.descriptor) else { return }
    let source: FileSource
    do throws(OpenError) { source = try FileSource(path: printed.path) } catch {
      throw VMCoreError(.readFailed, error.description)
    }
    try PlannedOutput(source, sparing: images).write(to: self)
  }
}
