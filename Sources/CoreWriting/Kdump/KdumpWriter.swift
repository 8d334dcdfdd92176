package import Bytes
internal import Codecs
internal import DumpRecords

/// Writes a vmcore as a kdump-compressed file: pages are packed by all workers and placed in order,
/// so any number of them writes the same bytes.
package struct KdumpWriter {
  private let plan: KdumpPlan
  private let source: any ByteSource
  private let packers: CodecPool<any Packer>?
  private let workers: Int
  private let monitor: WriteMonitor

  /// A writer of a plan, with the bytes of the vmcore from `source`.
  package init(
    _ plan: KdumpPlan, source: any ByteSource, compression: Compression, workers: Int,
    monitor: WriteMonitor
  ) {
    self.plan = plan
    self.source = source
    packers = compression.level > 0 ? compression.packers(in: .zlib) : nil
    self.workers = workers
    self.monitor = monitor
  }

  /// Writes one file.
  package func write(to output: any PlacedOutput) throws(WriteError) {
    do throws(WriteError) {
      let part = try KdumpPart(
        plan, output: output, room: plan.pageCount, firstFrame: 0,
        isSplit: false)
      try part.writeHead(endFrame: plan.frames.end, source: source)
      try run { product throws(WriteError) in
        if product.chunk == nil {
          _ = try part.addZeros(product.frames.length)
        } else {
          _ = try part.add(product, from: 0, dataOffset: 0, limit: .max)
        }
      }
      try part.close(endFrame: plan.frames.end, source: source)
    } catch {
      output.fail()
      throw error
    }
  }

  /// Writes a set of files of at most `size` bytes each; `next` opens the following one.
  package func write(
    splitAt size: UInt64, next: (Int) throws(WriteError) -> any PlacedOutput
  ) throws(WriteError) {
    let smallest = plan.tableOffset + KdumpSet.leastPages * (plan.pageSize + 32)
    guard size >= smallest else {
      throw WriteError(
        .cannotCreate,
        "files of \(size) bytes are too small for headers and bitmaps, expected at least "
          + "\(smallest)")
    }
    let forecast = try SplitForecast(
      plan.frames, packer: PagePacker(plan.frames, source: source, packers: packers))
    var set = KdumpSet(plan, source: source, size: size, forecast: forecast)
    try withoutActuallyEscaping(next) { next throws(WriteError) in
      try run { product throws(WriteError) in try set.add(product, next: next) }
      try set.close(next: next)
    }
  }

  private func run(
    _ consume: (PackedPages) throws(WriteError) -> Void
  ) throws(WriteError) {
    let packer = PagePacker(plan.frames, source: source, packers: packers)
    var jobs = PageJobs(plan.frames, source: source, hasLeftOut: plan.leftOut != nil)
    var done: UInt64 = 0
    try OrderedPipeline(workers: workers).run(
      produce: { () throws(WriteError) -> PageJob? in
        if monitor.isCancelled() {
          throw WriteError(
            .cancelled, "interrupted after \(done) of \(plan.memorySize) bytes of memory")
        }
        return jobs.job()
      },
      work: { (job: PageJob) throws(WriteError) -> PackedPages in try packer.pack(job) },
      consume: { (product: PackedPages) throws(WriteError) in
        try consume(product)
        done += product.frames.length * plan.pageSize
        packer.recycle(product)
        monitor.progress(done)
      })
  }
}

/// A split set while it is written.
private struct KdumpSet {
  private let plan: KdumpPlan
  private let source: any ByteSource
  private let size: UInt64
  private let forecast: SplitForecast
  private var left: UInt64
  private var part: KdumpPart?
  private var count = 0

  /// Pages that any file has room for.
  static let leastPages: UInt64 = 16

  init(_ plan: KdumpPlan, source: any ByteSource, size: UInt64, forecast: SplitForecast) {
    self.plan = plan
    self.source = source
    self.size = size
    self.forecast = forecast
    left = plan.pageCount
  }

  /// The number of descriptors that the next file keeps room for: a sixteenth more than it is
  /// expected to need, for a file ends where either is used up.
  private func room(fromFrame frame: UInt64) -> UInt64 {
    let descriptor = UInt64(PageDescriptor.size)
    // Behind the table stand the page of zeros and at least one more.
    let bytes = size - plan.tableOffset - 2 * plan.pageSize
    let pages = forecast.pages(
      fromFrame: frame, filling: bytes, descriptorSize: descriptor)
    return min(left, max(KdumpSet.leastPages, pages + pages / 16), bytes / descriptor)
  }

  mutating func add(
    _ product: PackedPages, next: (Int) throws(WriteError) -> any PlacedOutput
  ) throws(WriteError) {
    var frame = product.frames.lowerBound
    var dataOffset = 0
    while frame < product.frames.upperBound {
      if part == nil { try open(at: frame, next) }
      let index = Int(frame - product.frames.lowerBound)
      var added = index
      if product.chunk == nil {
        added += Int(try part?.addZeros(product.frames.upperBound - frame) ?? 0)
      } else if let place = try part?.add(
        product, from: index, dataOffset: dataOffset, limit: size)
      {
        (added, dataOffset) = place
      }
      frame += UInt64(added - index)
      left -= UInt64(added - index)
      if frame < product.frames.upperBound { try closePart(endFrame: frame) }
    }
  }

  private mutating func open(
    at frame: UInt64, _ next: (Int) throws(WriteError) -> any PlacedOutput
  ) throws(WriteError) {
    count += 1
    // The first file's frames begin at 0, and each file's where those of the one before end.
    part = try KdumpPart(
      plan, output: try next(count), room: room(fromFrame: frame),
      firstFrame: count == 1 ? 0 : frame,
      isSplit: true)
  }

  private mutating func closePart(endFrame: UInt64) throws(WriteError) {
    try part?.close(endFrame: endFrame, source: source)
    part = nil
  }

  mutating func close(
    next: (Int) throws(WriteError) -> any PlacedOutput
  ) throws(WriteError) {
    if part == nil { try open(at: plan.frames.end, next) }
    try closePart(endFrame: plan.frames.end)
  }
}
