internal import Bytes
internal import Codecs
internal import DumpRecords

/// Writes a vmcore as a kdump-compressed file: pages are packed by all workers and placed in order,
/// so any number of them writes the same bytes.
package struct KdumpWriter {
  private let plan: KdumpPlan
  private let packer: PagePacker
  private let workers: Int
  private let monitor: WriteMonitor

  /// A writer of a plan.
  package init(
    _ plan: KdumpPlan, compression: Compression, workers: Int, monitor: WriteMonitor
  ) {
    self.plan = plan
    packer = PagePacker(
      plan.frames, packers: compression.pagePackers(pageSize: plan.pageSize))
    self.workers = workers
    self.monitor = monitor
  }

  /// Writes one file.
  ///
  /// - Returns: why it ended early, where a shorter file was kept.
  @discardableResult
  package func write(to target: any ByteTarget) throws(WriteError) -> WriteError? {
    let file = try KdumpFileWriter(
      plan, target: target, room: plan.pageCount, firstFrame: 0, isSplit: false,
      keepsPartial: monitor.keepsPartial)
    do throws(WriteError) {
      try file.writeFront()
      try run(for: target.name) { product throws(WriteError) in
        if product.chunk == nil {
          _ = try file.addZeros(product.frames.length)
        } else {
          _ = try file.add(product, from: 0, dataOffset: 0, limit: .max)
        }
      }
      try file.closePages(endFrame: plan.frames.end)
      try file.rewriteFront(leftOut: plan.leftOutByNow)
      try file.finish()
    } catch {
      guard file.canEndEarly, error.leavesSoundBytes, endEarly(file) else { throw error }
      return error
    }
    return nil
  }

  /// Makes a file that cannot be written to its end a shorter one; false where that fails, too.
  private func endEarly(_ file: KdumpFileWriter) -> Bool {
    guard let (frame, end) = try? file.putWhatFits() else { return false }
    return (try? file.finishEarly(from: frame, end: end, leftOut: plan.leftOutByNow)) != nil
  }

  /// Writes a set of files of at most `size` bytes each; `next` opens the following one.
  ///
  /// - Parameter name: what messages call the set.
  package func write(
    splitAt size: UInt64, name: String, next: (Int) throws(WriteError) -> any ByteTarget
  ) throws(WriteError) {
    let smallest = plan.tableOffset + KdumpSet.leastPages * (plan.pageSize + 32)
    guard size >= smallest else {
      throw WriteError(
        .cannotCreate,
        "files of \(size) bytes are too small for headers and bitmaps, expected at least "
          + "\(smallest)")
    }
    var set = KdumpSet(plan, size: size, forecast: try SplitForecast(plan.frames, packer: packer))
    try withoutActuallyEscaping(next) { next throws(WriteError) in
      try run(for: name) { product throws(WriteError) in try set.add(product, next: next) }
      try set.close(next: next)
    }
  }

  /// Writes a set of files with as many pages each.
  ///
  /// - Parameter name: what messages call the set.
  /// - Returns: why they ended early, where shorter files were kept.
  package func write(
    evenlyTo targets: [any ByteTarget], name: String
  ) throws(WriteError) -> WriteError? {
    var shares = try KdumpShares(plan, targets: targets, keepsPartial: monitor.keepsPartial)
    do throws(WriteError) {
      try shares.writeFronts()
      try run(for: name) { product throws(WriteError) in try shares.add(product) }
      try shares.close()
    } catch {
      guard shares.areSound, error.leavesSoundBytes, (try? shares.endEarly()) != nil else {
        throw error
      }
      return error
    }
    return nil
  }

  private func run(
    for name: String, _ consume: (PackedPages) throws(WriteError) -> Void
  ) throws(WriteError) {
    var jobs = PageJobs(plan.frames, hasLeftOut: plan.leftOut != nil)
    var done: UInt64 = 0
    do throws(WriteError) {
      try OrderedPipeline(workers: workers).run(
        produce: { () throws(WriteError) -> PageJob? in
          if monitor.isCancelled() { throw interrupted(name, after: done) }
          return jobs.job()
        },
        work: { (job: PageJob) throws(WriteError) -> PackedPages in
          if !job.isZero {
            let size = job.frames.length &* plan.pageSize
            try monitor.spend(size &* (plan.vmcore.readCost + WriteMonitor.packingCost), .reading)
          }
          return try packer.pack(job)
        },
        consume: { (product: PackedPages) throws(WriteError) in
          try consume(product)
          done += product.frames.length * plan.pageSize
          packer.recycle(product)
          monitor.progress(done)
        })
    } catch {
      throw error.kind == .cancelled ? interrupted(name, after: done) : error
    }
  }

  private func interrupted(_ name: String, after done: UInt64) -> WriteError {
    WriteError(
      .cancelled, "\(name): interrupted after \(done) of \(plan.memorySize) bytes of memory")
  }
}
