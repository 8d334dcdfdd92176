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
  /// Whether the page of zeros is where `makedumpfile --reassemble` looks for it.
  private let sharesZeroPage: Bool
  /// Pages whose bytes are not handed on yet: the places of their descriptors, and where they end.
  private var waiting: [(index: UInt64, end: UInt64)] = []
  /// Whether headers and bitmaps stand in the file: then it is sound whenever it ends.
  private(set) var isSound = false
  private let keepsPartial: Bool
  private let zeroPage: PageDescriptor
  private let zeroDescriptors: [UInt8]

  /// Zero pages described by one write.
  private static let zerosAtOnce = 1024

  /// Begins a file with room for a number of descriptors.
  ///
  /// `makedumpfile --reassemble` takes a page of any part of a set for one of zeros where it lies
  /// behind so many descriptors as the whole set has pages (`reassemble_kdump_pages`): there each part
  /// has its page of zeros, and the rest of the table is a hole. A part whose table ends before says
  /// that no page of zeros is left out, which keeps makedumpfile from that.
  ///
  /// - Parameters:
  ///   - whole: pages of the set that the file is a part of, where the table leaves room for all.
  ///   - endFrame: the frame behind the last one that the file is for, where it is known.
  ///   - keepsPartial: whether the file may have to end early.
  init(
    _ plan: KdumpPlan, target: any ByteTarget, room: UInt64, whole: UInt64? = nil,
    firstFrame: UInt64, endFrame: UInt64? = nil, isSplit: Bool, keepsPartial: Bool = false
  ) throws(WriteError) {
    self.keepsPartial = keepsPartial && target.canEndEarly
    self.plan = plan
    self.target = target
    self.room = room
    self.firstFrame = firstFrame
    self.endFrame = endFrame ?? plan.frames.end
    self.isSplit = isSplit
    sharesZeroPage = whole != nil || !isSplit
    let start = plan.tableOffset + (whole ?? room) * UInt64(PageDescriptor.size)
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
      if keepsPartial, size > 0 {
        let added = UInt64(writer.bytes.count / PageDescriptor.size)
        waiting.append((described + added, offset + UInt64(size)))
      }
      page.write(to: &writer)
      end += Int(size)
      room -= 1
      index += 1
    }
    try table.append(writer.bytes, to: target)
    // What is said of a page stands in the file, or is sent, before the page is: of what ends early
    // each page can be read.
    if pages.isFull(with: end - dataOffset) { try table.flush(to: target) }
    try unsafe pages.append(
      UnsafeRawBufferPointer(rebasing: chunk.bytes[dataOffset..<end]), to: target)
    if keepsPartial { waiting.removeAll { $0.end <= pages.flushedEnd } }
    return (index, end)
  }

  /// Descriptors that were made.
  private var described: UInt64 { (table.end - plan.tableOffset) / UInt64(PageDescriptor.size) }

  /// Writes the pages that are left; the file is for no frame from `endFrame` on.
  func closePages(endFrame: UInt64) throws(WriteError) {
    self.endFrame = endFrame
    try table.flush(to: target)
    try pages.flush(to: target)
    try target.putZeros(table.end..<zeroPage.offset)
    table.release()
    pages.release()
  }

  /// Ends the file.
  func finish() throws(WriteError) {
    try target.finish(size: pages.end)
  }

  /// Writes what stands before the pages.
  func writeFront() throws(WriteError) {
    try writeHead()
    guard keepsPartial || !plan.mayLosePages else { return }
    try writeBitmaps(leftOut: plan.leftOut)
    isSound = true
  }

  /// Writes again what became of it, where reading has shown that pages are lost.
  ///
  /// - Parameter leftOut: the frames of which there is no page, now that all are read.
  func rewriteFront(leftOut: LeftOutFrames?) throws(WriteError) {
    let hasLost = plan.hasLost(leftOut)
    if hasLost { try target.replace(head(hasLost: true), at: 0) }
    if !isSound {
      try writeBitmaps(leftOut: leftOut)
    } else if hasLost {
      try storedFrames(leftOut).replace(in: target, at: plan.bitmapOffset + plan.bitmapSize)
    }
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

  private func head(hasLost: Bool) -> [UInt8] {
    plan.head(
      part: isSplit ? firstFrame..<endFrame : nil, sharesZeroPage: sharesZeroPage,
      hasLost: hasLost)
  }

  /// Writes both bitmaps.
  ///
  /// - Parameter leftOut: the frames that are stored and of which the file has no page.
  func writeBitmaps(leftOut: LeftOutFrames?) throws(WriteError) {
    try FrameBitmap(plan.frames.existing, size: plan.bitmapSize)
      .write(to: target, at: plan.bitmapOffset)
    try storedFrames(leftOut).write(to: target, at: plan.bitmapOffset + plan.bitmapSize)
  }

  private func storedFrames(_ leftOut: LeftOutFrames?, end: UInt64 = .max) -> FrameBitmap {
    FrameBitmap(plan.frames.stored, size: plan.bitmapSize, leftOut: leftOut, end: end)
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

// MARK: An early end

extension KdumpFileWriter {
  /// Whether the file is sound whenever it ends.
  var canEndEarly: Bool { isSound && keepsPartial }

  /// Bytes that may just fit.
  private static let smallPiece = 4096

  /// Puts what fits of the pages and of what is said of them.
  ///
  /// - Returns: the first frame of which the file has nothing, and where it ends.
  func putWhatFits() throws(WriteError) -> (frame: UInt64, end: UInt64) {
    let made = described
    _ = try target.endEarly(at: pages.flushedEnd)
    let tableEnd = table.flushWhatFits(to: target, pieceSize: KdumpFileWriter.smallPiece)
    let end = pages.flushWhatFits(to: target, pieceSize: KdumpFileWriter.smallPiece)
    // The page of zeros, which many share, is the first one.
    let firstEnd = zeroPage.offset + plan.pageSize
    let whole = end < firstEnd ? 0 : waiting.first { $0.end > end }?.index ?? made
    let count = min(whole, (tableEnd - plan.tableOffset) / UInt64(PageDescriptor.size))
    let frame = plan.frames.frames(behind: [count], from: firstFrame)[0]
    return (frame, max(end, firstEnd))
  }

  /// Ends the file, which has nothing of the frames from `frame` on, and says so in it.
  func finishEarly(
    from frame: UInt64, end: UInt64, leftOut: LeftOutFrames?
  ) throws(WriteError) {
    try target.replace(head(hasLost: true), at: 0)
    try storedFrames(leftOut, end: frame)
      .replace(in: target, at: plan.bitmapOffset + plan.bitmapSize)
    try target.finish(size: end)
  }
}
