internal import Bytes
internal import DumpRecords

/// One kdump-compressed file while it is written: the only one, or one of a split set. The table of
/// descriptors and the pages grow side by side, so memory does not grow with the image.
final class KdumpFileWriter {
  private let plan: KdumpPlan
  private let target: any ByteTarget
  /// The frames that the file is for begin here; the end is known when its pages are.
  private let firstFrame: UInt64
  private var endFrame: UInt64
  private let isSplit: Bool
  private var table: GatheringBuffer
  private var pages: GatheringBuffer
  /// Descriptors that there is room for.
  private var room: UInt64
  private let zeroPage: PageDescriptor
  private let zeroDescriptors: [UInt8]

  /// Zero pages described by one write.
  private static let zerosAtOnce = 1024

  /// Begins a file with room for a number of descriptors.
  ///
  /// - Parameter endFrame: the frame behind the last one that the file is for, where it is known.
  init(
    _ plan: KdumpPlan, target: any ByteTarget, room: UInt64, firstFrame: UInt64,
    endFrame: UInt64? = nil, isSplit: Bool
  ) throws(WriteError) {
    self.plan = plan
    self.target = target
    self.room = room
    self.firstFrame = firstFrame
    self.endFrame = endFrame ?? plan.frames.end
    self.isSplit = isSplit
    let start = plan.tableOffset + room * UInt64(PageDescriptor.size)
    table = GatheringBuffer(at: plan.tableOffset)
    pages = GatheringBuffer(at: start)
    zeroPage = PageDescriptor(offset: start, size: UInt32(plan.pageSize), flags: [])
    var writer = ByteWriter(order: plan.order)
    for _ in 0..<KdumpFileWriter.zerosAtOnce { zeroPage.write(to: &writer) }
    zeroDescriptors = writer.bytes
    try pages.append([UInt8](repeating: 0, count: Int(plan.pageSize)), to: target)
  }

  /// Adds zero pages, as many as there is room for; returns how many.
  func addZeros(_ count: UInt64) throws(WriteError) -> UInt64 {
    let added = min(count, room)
    var rest = Int(added)
    while rest > 0 {
      let now = min(rest, KdumpFileWriter.zerosAtOnce)
      try unsafe zeroDescriptors.withRawBytes { raw throws(WriteError) in
        try unsafe table.append(
          UnsafeRawBufferPointer(rebasing: raw[..<(now * PageDescriptor.size)]), to: target)
      }
      rest -= now
    }
    room -= added
    return added
  }

  /// Adds packed pages from place `index` of a product on, as many as there is room for below a
  /// size of the file.
  ///
  /// - Parameter last: the place behind the last one that is added; nil: all that follow.
  /// - Returns: the place of the first one that was not added.
  func add(
    _ product: PackedPages, from index: Int, to last: Int? = nil, dataOffset: Int, limit: UInt64
  ) throws(WriteError) -> (index: Int, dataOffset: Int) {
    guard let chunk = product.chunk else { return (product.sizes.count, dataOffset) }
    let last = last ?? product.sizes.count
    var writer = ByteWriter(order: plan.order, capacity: (last - index) * PageDescriptor.size)
    var index = index
    var end = dataOffset
    while index < last, room > 0 {
      let size = product.sizes[index]
      guard size != PackedPages.lost else {
        index += 1
        continue
      }
      let offset = pages.end + UInt64(end - dataOffset)
      guard size == 0 || offset + UInt64(size) <= limit else { break }
      let isPacked = size < UInt32(plan.pageSize)
      let page =
        size == 0
        ? zeroPage : PageDescriptor(offset: offset, size: size, flags: isPacked ? plan.packing : [])
      page.write(to: &writer)
      end += Int(size)
      room -= 1
      index += 1
    }
    try table.append(writer.bytes, to: target)
    try unsafe pages.append(
      UnsafeRawBufferPointer(rebasing: chunk.bytes[dataOffset..<end]), to: target)
    return (index, end)
  }

  /// Writes the pages that are left; the file is for no frame from `endFrame` on.
  func closePages(endFrame: UInt64) throws(WriteError) {
    self.endFrame = endFrame
    try table.flush(to: target)
    try pages.flush(to: target)
    try target.putZeros(table.end..<table.end + room * UInt64(PageDescriptor.size))
  }

  /// Ends the file.
  func finish() throws(WriteError) {
    try target.finish(size: pages.end)
  }

  /// Writes headers and notes.
  func writeHead(hasLost: Bool = false) throws(WriteError) {
    var buffer = GatheringBuffer(at: 0)
    try buffer.append(head(hasLost: hasLost), to: target)
    try appendNotes(to: &buffer)
    while buffer.end < plan.bitmapOffset {
      let count = min(plan.bitmapOffset - buffer.end, 1 << 16)
      try buffer.append([UInt8](repeating: 0, count: Int(count)), to: target)
    }
    try buffer.flush(to: target)
  }

  /// Writes the headers again.
  func rewriteHead(hasLost: Bool) throws(WriteError) {
    try target.put(head(hasLost: hasLost), at: 0)
  }

  private func head(hasLost: Bool) -> [UInt8] {
    plan.head(part: isSplit ? firstFrame..<endFrame : nil, hasLost: hasLost)
  }

  /// Writes both bitmaps.
  ///
  /// - Parameter leftOut: the frames that are stored and of which the file has no page.
  func writeBitmaps(leftOut: LeftOutFrames?) throws(WriteError) {
    try FrameBitmap(plan.frames.existing, size: plan.bitmapSize)
      .write(to: target, at: plan.bitmapOffset)
    try FrameBitmap(plan.frames.stored, size: plan.bitmapSize, leftOut: leftOut)
      .write(to: target, at: plan.bitmapOffset + plan.bitmapSize)
  }

  private func appendNotes(to buffer: inout GatheringBuffer) throws(WriteError) {
    var offset = plan.notes.lowerBound
    while offset < plan.notes.upperBound {
      let bytes: [UInt8]
      do throws(ReadError) {
        bytes = try plan.vmcore.bytes(
          at: offset, count: Int(min(1 << 16, plan.notes.upperBound - offset)))
      } catch {
        throw WriteError(error)
      }
      guard !bytes.isEmpty else { break }
      try buffer.append(bytes, to: target)
      offset += UInt64(bytes.count)
    }
  }
}
