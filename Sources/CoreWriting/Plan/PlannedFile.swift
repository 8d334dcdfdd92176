package import Bytes

/// A vmcore in the form in which it is written, before its first byte is.
package struct PlannedFile: Sendable {
  /// What the bytes of the output are, and what writes them.
  package enum Form: Sendable {
    /// A file that can be read at any offset, as it is: the ELF vmcore.
    case plain(any ByteSource)
    /// The same in the records that `makedumpfile -R` makes the file of.
    case flattened(any ByteSource)
    /// The same as a gzip file.
    case gzip(any ByteSource, Compression)
    /// A kdump-compressed file; what takes bytes in order alone gets its flattened form.
    case kdump(KdumpPlan, Compression)
    /// The records of a kdump-compressed file.
    case flattenedKdump(KdumpPlan, Compression)
  }

  private let form: Form
  private let workers: Int
  private let hasDigest: Bool
  private let early: EarlyPart?

  /// A form of a vmcore, to be written by so many threads.
  ///
  /// - Parameter early: what is written first of a plain file.
  package init(_ form: Form, workers: Int, hasDigest: Bool, early: EarlyPart? = nil) {
    self.early = early
    self.form = form
    self.workers = workers
    self.hasDigest = hasDigest
  }

  /// Bytes of the output; nil where they are known only when they are written.
  package var size: UInt64? {
    switch form {
    case .plain(let source): source.size
    case .flattened, .gzip, .kdump, .flattenedKdump: nil
    }
  }

  /// What its progress counts up to: bytes of the vmcore, or of memory.
  package var work: UInt64 {
    switch form {
    case .plain(let source), .flattened(let source), .gzip(let source, _): source.size
    case .kdump(let plan, _), .flattenedKdump(let plan, _): plan.memorySize
    }
  }

  /// What came of a write.
  package struct Written {
    /// The SHA-256, where it was asked for and the output is whole.
    package var digest: [UInt8]?
    /// Why the output ended early, where it was kept all the same.
    package var shortage: WriteError?
  }

  /// Writes everything, in the way that suits form and descriptor.
  package func write(to target: OutputDescriptor) throws(WriteError) -> Written {
    switch form {
    case .plain(let source):
      return try write(source, to: target)
    case .flattened(let source):
      return try writeRecords(to: target) { output throws(WriteError) -> WriteError? in
        try SourceWriter(source, workers: workers, monitor: target.monitor).write(to: output)
      }
    case .gzip(let source, let compression):
      let output = target.ordered(hasDigest: hasDigest)
      try GzipWriter(
        source, compression: compression, workers: workers, monitor: target.monitor
      ).write(to: output)
      return Written(digest: output.digest)
    case .kdump(let plan, let compression):
      return try write(plan, compression, to: target)
    case .flattenedKdump(let plan, let compression):
      return try writeRecords(of: plan, compression, to: target)
    }
  }

  private func write(
    _ source: any ByteSource, to target: OutputDescriptor
  ) throws(WriteError) -> Written {
    let writer = SourceWriter(source, workers: workers, monitor: target.monitor, early: early)
    try target.monitor.checkZeros(
      of: source, isStored: target.start != nil && !target.leavesHoles,
      isStreamed: target.start == nil, hasDigest: hasDigest)
    if let output = target.placed(size: source.size, hasDigest: hasDigest) {
      return try PlannedFile.written(output, try writer.write(to: output))
    }
    let output = target.ordered(size: source.size, hasDigest: hasDigest)
    try writer.write(to: output)
    return Written(digest: output.digest)
  }

  private func write(
    _ plan: KdumpPlan, _ compression: Compression, to target: OutputDescriptor
  ) throws(WriteError) -> Written {
    guard let output = target.placed(hasDigest: hasDigest) else {
      target.monitor.notice(
        "\(target.name): a kdump-compressed file cannot be streamed, so its flattened form is "
          + "written: 'makedumpfile -R FILE' makes the file of it")
      return try writeRecords(of: plan, compression, to: target)
    }
    return try PlannedFile.written(
      output, try writer(of: plan, compression, target).write(to: output))
  }

  private static func written(
    _ output: PlacedOutput, _ shortage: WriteError?
  ) throws(WriteError) -> Written {
    try Written(digest: shortage == nil ? output.digest() : nil, shortage: shortage)
  }

  private func writer(
    of plan: KdumpPlan, _ compression: Compression, _ target: OutputDescriptor
  ) -> KdumpWriter {
    KdumpWriter(plan, compression: compression, workers: workers, monitor: target.monitor)
  }

  private func writeRecords(
    of plan: KdumpPlan, _ compression: Compression, to target: OutputDescriptor
  ) throws(WriteError) -> Written {
    try writeRecords(to: target) { output throws(WriteError) -> WriteError? in
      try writer(of: plan, compression, target).write(to: output)
    }
  }

  private func writeRecords(
    to target: OutputDescriptor, _ write: (FlattenedOutput) throws(WriteError) -> WriteError?
  ) throws(WriteError) -> Written {
    let stream = target.ordered(hasDigest: hasDigest)
    let output = try FlattenedOutput(stream, file: target.written())
    do throws(WriteError) {
      let shortage = try write(output)
      return Written(digest: shortage == nil ? stream.digest : nil, shortage: shortage)
    } catch {
      output.fail()
      throw error
    }
  }
}
