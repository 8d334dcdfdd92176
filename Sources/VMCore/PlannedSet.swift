internal import CoreWriting

/// A kdump-compressed dump that is to be written to several files.
struct PlannedSet: Sendable {
  /// How its pages are divided.
  enum Division: Sendable {
    /// Into files of at most so many bytes.
    case size(UInt64)
    /// Into so many files, with as many pages each.
    case files(Int)
  }

  let division: Division
  private let plan: KdumpPlan
  private let compression: Compression
  private let workers: Int

  /// A set of files.
  init(_ plan: KdumpPlan, _ compression: Compression, division: Division, workers: Int) {
    self.plan = plan
    self.compression = compression
    self.division = division
    self.workers = workers
  }

  /// Bytes of memory that it holds.
  var work: UInt64 { plan.memorySize }

  /// What writes the set.
  func writer(_ monitor: WriteMonitor) -> KdumpWriter {
    KdumpWriter(plan, compression: compression, workers: workers, monitor: monitor)
  }
}
