internal import Bytes
internal import Codecs
internal import CoreWriting
internal import Glibc

/// One vmcore on its way into one output.
struct OutputJob {
  let file: ELFCoreFile
  /// Of the kdump-compressed format; nil for ELF.
  let plan: KdumpPlan?
  let options: OutputOptions
  let engine: DeflateEngine
  let workers: Int
  let control: WriteControl

  private var pages: Compression { Compression(engine: engine, level: options.level) }

  /// Writes to a regular file from `start` on.
  func write(
    inPlace descriptor: Int32, name: String, start: UInt64, mayLeaveHoles: Bool
  ) throws(WriteError) -> [UInt8]? {
    let leavesHoles = control.isSparse && mayLeaveHoles
    let output = PlacedFile(
      descriptor: descriptor, name: name, start: start, leavesHoles: leavesHoles)
    if let plan, !options.isInRecords {
      try named(name) { () throws(WriteError) in try writer(plan).write(to: output) }
      guard options.hasDigest else { return nil }
      return try FileDigest(
        descriptor: descriptor, name: name, start: start, count: output.size,
        monitor: control.monitor
      ).sha256()
    }
    guard options.writesELFInPlace else {
      return try write(inOrderTo: descriptor, name: name, isPipe: false)
    }
    if options.hasDigest {
      return try named(name) { () throws(WriteError) in
        try PlacedCopy(file, workers: workers, monitor: control.monitor)
          .write(to: output, hasDigest: true)
      }
    }
    try FileSink(
      descriptor: descriptor, name: name, start: start, isSparse: leavesHoles, workers: workers,
      monitor: control.monitor
    ).write(file)
    return nil
  }

  /// Writes to anything that takes bytes in order.
  func write(
    inOrderTo descriptor: Int32, name: String, isPipe: Bool
  ) throws(WriteError) -> [UInt8]? {
    if options.writesELFInPlace, !options.hasDigest {
      try StreamSink(
        descriptor: descriptor, name: name, isPipe: isPipe, monitor: control.monitor
      ).write(file)
      return nil
    }
    if plan != nil, !options.isInRecords {
      control.notice(
        "\(name): a kdump-compressed file cannot be streamed, so its flattened form is written: "
          + "'makedumpfile -R FILE' makes the file of it")
    }
    let output = OrderedOutput(
      descriptor: descriptor, name: name, hasDigest: options.hasDigest, monitor: control.monitor)
    try named(name) { () throws(WriteError) in try write(to: output) }
    return output.digest
  }

  private func write(to output: OrderedOutput) throws(WriteError) {
    if let plan {
      try writer(plan).write(to: try FlattenedOutput(output))
    } else if let level = options.gzipLevel {
      try GzipWriter(
        file, compression: Compression(engine: engine, level: level), workers: workers,
        monitor: control.monitor
      ).write(to: output)
    } else {
      let copy = PlacedCopy(file, workers: workers, monitor: control.monitor)
      _ = try copy.write(to: options.isInRecords ? try FlattenedOutput(output) : output)
    }
  }

  /// Writes a split set; `next` opens one file after the other.
  func write(
    splitAt size: UInt64, name: String,
    next: (Int) throws(WriteError) -> any PlacedOutput
  ) throws(WriteError) {
    guard let plan else { return }
    try named(name) { () throws(WriteError) in try writer(plan).write(splitAt: size, next: next) }
  }

  private func writer(_ plan: KdumpPlan) -> KdumpWriter {
    KdumpWriter(
      plan, source: file, compression: pages, workers: workers, monitor: control.monitor)
  }

  /// An interruption is told with the output's name.
  private func named<Result>(
    _ name: String, _ body: () throws(WriteError) -> Result
  ) throws(WriteError) -> Result {
    do throws(WriteError) {
      return try body()
    } catch {
      guard error.kind == .cancelled, !error.description.hasPrefix(name) else { throw error }
      throw WriteError(.cancelled, "\(name): \(error.description)")
    }
  }
}
