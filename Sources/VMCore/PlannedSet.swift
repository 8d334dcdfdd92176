internal import CoreWriting

/// A kdump-compressed dump that is to be written to several files.
struct PlannedSet: Sendable {
  private let plan: KdumpPlan
  private let compression: Compression
  private let fileSize: UInt64
  private let workers: Int

  /// A set of files of at most `fileSize` bytes each.
  init(_ plan: KdumpPlan, _ compression: Compression, fileSize: UInt64, workers: Int) {
    self.plan = plan
    self.compression = compression
    self.fileSize = fileSize
    self.workers = workers
  }

  /// Bytes of memory that it holds.
  var work: UInt64 { plan.memorySize }

  /// Writes the set, which messages call `name`; `next` opens one file after the other.
  func write(
    name: String, monitor: WriteMonitor, next: (Int) throws(WriteError) -> any ByteTarget
  ) throws(WriteError) {
    try KdumpWriter(plan, compression: compression, workers: workers, monitor: monitor)
      .write(splitAt: fileSize, name: name, next: next)
  }
}
