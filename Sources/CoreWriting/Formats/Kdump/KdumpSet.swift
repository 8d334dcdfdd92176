internal import Bytes
internal import DumpRecords

/// A split set while it is written.
struct KdumpSet {
  private let plan: KdumpPlan
  private let size: UInt64
  private let forecast: SplitForecast
  private var left: UInt64
  private var part: KdumpFileWriter?
  private var count = 0
  /// Files whose pages are written, and which wait for their heads and bitmaps: each has the bits of
  /// all frames, and the last page may turn out to be lost.
  private var waiting: [KdumpFileWriter] = []
  /// Files that are whole, unless it turns out that pages cannot be read.
  private var finished: [KdumpFileWriter] = []

  /// Pages that any file has room for.
  static let leastPages: UInt64 = 16

  /// Begins a set of files of at most `size` bytes each.
  init(_ plan: KdumpPlan, size: UInt64, forecast: SplitForecast) {
    self.plan = plan
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

  /// Adds packed pages, in as many files as they need.
  mutating func add(
    _ product: PackedPages, next: (Int) throws(WriteError) -> any ByteTarget
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
    at frame: UInt64, _ next: (Int) throws(WriteError) -> any ByteTarget
  ) throws(WriteError) {
    count += 1
    // The first file's frames begin at 0, and each file's where those of the one before end.
    part = try KdumpFileWriter(
      plan, target: try next(count), room: room(fromFrame: frame),
      firstFrame: count == 1 ? 0 : frame, isSplit: true)
  }

  private mutating func closePart(endFrame: UInt64) throws(WriteError) {
    guard let part else { return }
    self.part = nil
    try part.closePages(endFrame: endFrame)
    if plan.mayLosePages {
      waiting.append(part)
    } else {
      try part.writeFront()
      try part.finish()
      finished.append(part)
    }
  }

  /// Ends the last file; there is at least one.
  mutating func close(
    next: (Int) throws(WriteError) -> any ByteTarget
  ) throws(WriteError) {
    if part == nil { try open(at: plan.frames.end, next) }
    try closePart(endFrame: plan.frames.end)
    let leftOut = plan.leftOutByNow
    for part in waiting {
      try part.writeFront()
      try part.rewriteFront(leftOut: leftOut)
      try part.finish()
    }
    for part in finished { try part.rewriteFront(leftOut: leftOut) }
  }
}
