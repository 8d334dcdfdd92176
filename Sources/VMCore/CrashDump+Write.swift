internal import Bytes
internal import CoreWriting
internal import MemoryImages

extension CrashDump {
  /// Writes the vmcore to a new file, which appears under its name only when it is whole. It is
  /// readable by its owner alone; zero pages become holes. A split set is written to `path.1`,
  /// `path.2` and so on, a digest to `path.sha256`.
  ///
  /// - Parameters:
  ///   - mayReplace: whether an existing file is replaced.
  ///   - output: the form of the file.
  /// - Returns: the SHA-256 in hexadecimal where `path` is a pipe or a device, beside which no file
  ///   is put.
  @discardableResult
  public func write(
    toFileAt path: String, as output: OutputOptions = OutputOptions(), mayReplace: Bool = false,
    control: WriteControl = WriteControl()
  ) throws(VMCoreError) -> String? {
    let job = try job(output, control)
    do throws(WriteError) {
      try Destination.refuse(path: path, ifOneOf: image.files)
      if output.hasDigest {
        try Destination.refuse(path: DigestFile.path(for: path), ifOneOf: image.files)
      }
      if let size = output.splitSize {
        try SplitFiles(path: path, mayReplace: mayReplace, images: image.files)
          .write(job, splitAt: size)
        return nil
      }
      if let stream = try Destination.stream(at: path) {
        defer { stream.close() }
        return try stream.write(job).map(DigestFile.text)
      }
      let sidecar = try output.hasDigest ? DigestFile(for: path, mayReplace: mayReplace) : nil
      let file = try OutputFile(path: path, mayReplace: mayReplace)
      do throws(WriteError) {
        let digest = try job.write(
          inPlace: file.descriptor, name: path, start: 0, mayLeaveHoles: true)
        try sidecar?.write([(path, digest)])
        try OutputFile.finish([file] + [sidecar?.file].compactMap { $0 })
      } catch {
        file.abandon()
        throw error
      }
      return nil
    } catch {
      throw VMCoreError(error)
    }
  }

  /// Finds what stands in the way of writing to a name, before an image is searched for minutes.
  public static func checkOutput(
    at path: String, as output: OutputOptions = OutputOptions(), mayReplace: Bool = false
  ) throws(VMCoreError) {
    guard !Destination.isStream(at: path) else { return }
    do throws(WriteError) {
      var names = output.splitSize == nil ? [path] : ["\(path).1"]
      if output.hasDigest { names.append(DigestFile.path(for: path)) }
      for name in names { try OutputFile.check(path: name, mayReplace: mayReplace) }
    } catch {
      throw VMCoreError(error)
    }
  }

  /// Writes the vmcore to an open descriptor: a regular file at its present offset, or a stream.
  ///
  /// - Parameter name: what messages call it.
  /// - Returns: the SHA-256 in hexadecimal, where it was asked for.
  @discardableResult
  public func write(
    toDescriptor descriptor: Int32, name: String, as output: OutputOptions = OutputOptions(),
    control: WriteControl = WriteControl()
  ) throws(VMCoreError) -> String? {
    if output.splitSize != nil {
      throw VMCoreError(.usage, "a split set needs a name: expected an output file")
    }
    let job = try job(output, control)
    do throws(WriteError) {
      let destination = try Destination(descriptor: descriptor, name: name)
      try destination.refuse(ifOneOf: image.files)
      return try destination.write(job).map(DigestFile.text)
    } catch {
      throw VMCoreError(error)
    }
  }

  /// Ends a flattened stream that was not begun: without it `makedumpfile -R` would wait 600 seconds
  /// for its first byte. Does nothing where `descriptor` is no pipe, or another form is written.
  public static func announceFailure(
    toDescriptor descriptor: Int32, as output: OutputOptions
  ) {
    guard output.isKdump || output.isInRecords,
      let destination = try? Destination(descriptor: descriptor, name: ""), destination.isPipe
    else { return }
    let stream = OrderedOutput(
      descriptor: descriptor, name: "", hasDigest: false, monitor: WriteMonitor())
    try? FlattenedOutput(stream).fail()
  }

  /// What the progress of a write counts up to: bytes of the ELF vmcore, or of memory.
  public func workSize(as output: OutputOptions) throws(VMCoreError) -> UInt64 {
    _ = try output.checked()
    return try kdumpPlan(output)?.memorySize ?? size
  }

  private func job(
    _ output: OutputOptions, _ control: WriteControl
  ) throws(VMCoreError) -> OutputJob {
    OutputJob(
      file: file, plan: try kdumpPlan(output), options: output, engine: try output.checked(),
      workers: max(1, output.workers ?? workers), control: control)
  }

  private func kdumpPlan(_ output: OutputOptions) throws(VMCoreError) -> KdumpPlan? {
    guard output.isKdump else { return nil }
    do throws(PlanError) {
      return try KdumpPlan(for: system, plan, file: file, isCompressed: output.level > 0)
    } catch {
      throw VMCoreError(.unusable, "\(image.name): \(error.description)")
    }
  }
}
