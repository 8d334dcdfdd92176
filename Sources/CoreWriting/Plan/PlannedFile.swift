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

  /// Writes everything, in the way that suits form and descriptor.
  ///
  /// - Returns: the SHA-256, where it was asked for.
  package func write(to target: OutputDescriptor) throws(WriteError) -> [UInt8]? {
    switch form {
    case .plain(let source):
      return try write(source, to: target)
    case .flattened(let source):
      return try writeRecords(to: target) { output throws(WriteError) in
        try SourceWriter(source, workers: workers, monitor: target.monitor).write(to: output)
      }
    case .gzip(let source, let compression):
      let output = target.ordered(hasDigest: hasDigest)
      try GzipWriter(
        source, compression: compression, workers: workers, monitor: target.monitor
      ).write(to: output)
      return output.digest
    case .kdump(let plan, let compression):
      return try write(plan, compression, to: target)
    case .flattenedKdump(let plan, let compression):
      return try writeRecords(of: plan, compression, to: target)
    }
  }

  private func write(
    _ source: any ByteSource, to target: OutputDescriptor
  ) throws(WriteError) -> [UInt8]? {
    let writer = SourceWriter(source, workers: workers, monitor: target.monitor, early: early)
    try target.monitor.checkZeros(
      of: source, isStored: target.start != nil && !target.leavesHoles,
      isStreamed: target.start == nil, hasDigest: hasDigest)
    if let output = target.placed(size: source.size, hasDigest: hasDigest) {
      try writer.write(to: output)
      return try output.digest()
    }
    let output = target.ordered(size: source.size, hasDigest: hasDigest)
    try writer.write(to: output)
    return output.digest
  }

  private func write(
    _ plan: KdumpPlan, _ compression: Compression, to target: OutputDescriptor
  ) throws(WriteError) -> [UInt8]? {
    guard let output = target.placed(hasDigest: hasDigest) else {
      target.monitor.notice(
        "\(target.name): a kdump-compressed file cannot be streamed, so its flattened form is "
          + "written: 'makedumpfile -R FILE' makes the file of it")
      return try writeRecords(of: plan, compression, to: target)
    }
    try writer(of: plan, compression, target).write(to: output)
    return try output.digest()
  }

  private func writer(
    of plan: KdumpPlan, _ compression: Compression, _ target: OutputDescriptor
  ) -> KdumpWriter {
    KdumpWriter(plan, compression: compression, workers: workers, monitor: target.monitor)
  }

  private func writeRecords(
    of plan: KdumpPlan, _ compression: Compression, to target: OutputDescriptor
  ) throws(WriteError) -> [UInt8]? {
    try writeRecords(to: target) { output throws(WriteError) in
      try writer(of: plan, compression, target).write(to: output)
    }
  }

  private func writeRecords(
    to target: OutputDescriptor, _ write: (FlattenedOutput) throws(WriteError) -> Void
  ) throws(WriteError) -> [UInt8]? {
    let stream = target.ordered(hasDigest: hasDigest)
    let output = try FlattenedOutput(stream)
    do throws(WriteError) {
      try write(output)
    } catch {
      output.fail()
      throw error
    }
    return stream.digest
  }
}
