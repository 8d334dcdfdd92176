internal import Bytes
internal import DumpRecords

/// One kdump-compressed file while it is written: the only one, or one of a split set. The table of
/// descriptors and the pages grow side by side, so memory does not grow with the image.
final class KdumpPart {
  private let plan: KdumpPlan
  private let output: any PlacedOutput
  /// The frames that the part is for; the end is known when it is closed.
  private let firstFrame: UInt64
  private let isSplit: Bool
  private var table: GatheringBuffer
  private var pages: GatheringBuffer
  /// Descriptors that there is room for.
  private var room: UInt64
  private let zeroPage: PageDescriptor
  private let zeroDescriptors: [UInt8]

  /// Zero pages described by one write.
  private static let zerosAtOnce = 1024

  /// Bytes of the file so far.
  var size: UInt64 { pages.end }

  /// Begins a file with room for a number of descriptors.
  init(
    _ plan: KdumpPlan, output: any PlacedOutput, room: UInt64, firstFrame: UInt64, isSplit: Bool
  ) throws(WriteError) {
    self.plan = plan
    self.output = output
    self.room = room
    self.firstFrame = firstFrame
    self.isSplit = isSplit
    let start = plan.tableOffset + room * UInt64(PageDescriptor.size)
    table = GatheringBuffer(at: plan.tableOffset)
    pages = GatheringBuffer(at: start)
    zeroPage = PageDescriptor(offset: start, size: UInt32(plan.pageSize), flags: [])
    var writer = ByteWriter(order: plan.order)
    for _ in 0..<KdumpPart.zerosAtOnce { zeroPage.write(to: &writer) }
    zeroDescriptors = writer.bytes
    try append([UInt8](repeating: 0, count: Int(plan.pageSize)))
  }

  private func append(_ bytes: [UInt8]) throws(WriteError) {
    var failure: WriteError?
    unsafe bytes.withUnsafeBytes { buffer in
      do throws(WriteError) { try unsafe pages.append(buffer, to: output) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  private func describe(_ bytes: ArraySlice<UInt8>) throws(WriteError) {
    var failure: WriteError?
    unsafe bytes.withUnsafeBytes { buffer in
      do throws(WriteError) { try unsafe table.append(buffer, to: output) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// Adds zero pages, as many as there is room for; returns how many.
  func addZeros(_ count: UInt64) throws(WriteError) -> UInt64 {
    let added = min(count, room)
    var rest = Int(added)
    while rest > 0 {
      let now = min(rest, KdumpPart.zerosAtOnce)
      try describe(zeroDescriptors[..<(now * PageDescriptor.size)])
      rest -= now
    }
    room -= added
    return added
  }

  /// Adds packed pages from place `index` of a product on, as many as there is room for below a
  /// size of the file.
  ///
  /// - Returns: the place of the first one that was not added.
  func add(
    _ product: PackedPages, from index: Int, dataOffset: Int, limit: UInt64
  ) throws(WriteError) -> (index: Int, dataOffset: Int) {
    guard let chunk = product.chunk else { return (product.sizes.count, dataOffset) }
    var writer = ByteWriter(
      order: plan.order, capacity: product.sizes.count * PageDescriptor.size)
    var index = index
    var end = dataOffset
    while index < product.sizes.count, room > 0 {
      let size = product.sizes[index]
      let offset = pages.end + UInt64(end - dataOffset)
      guard size == 0 || offset + UInt64(size) <= limit else { break }
      let isPacked = size < UInt32(plan.pageSize)
      let page =
        size == 0
        ? zeroPage : PageDescriptor(offset: offset, size: size, flags: isPacked ? .zlib : [])
      page.write(to: &writer)
      end += Int(size)
      room -= 1
      index += 1
    }
    try describe(writer.bytes[...])
    try unsafe pages.append(
      UnsafeRawBufferPointer(rebasing: chunk.bytes[dataOffset..<end]), to: output)
    return (index, end)
  }

  /// Writes what is left and ends the file.
  func close(endFrame: UInt64, source: any ByteSource) throws(WriteError) {
    try table.flush(to: output)
    try pages.flush(to: output)
    if isSplit { try writeHead(endFrame: endFrame, source: source) }
    if !output.leavesHoles, room > 0 {
      try writeZeros(from: table.end, count: room * UInt64(PageDescriptor.size))
    }
    try output.finish(size: pages.end)
  }

  private func writeZeros(from start: UInt64, count: UInt64) throws(WriteError) {
    let zeros = [UInt8](repeating: 0, count: 1 << 16)
    var done: UInt64 = 0
    while done < count {
      let length = min(count - done, UInt64(zeros.count))
      try output.put(Array(zeros[..<Int(length)]), at: start + done)
      done += length
    }
  }

  /// Writes headers, notes and bitmaps.
  func writeHead(endFrame: UInt64, source: any ByteSource) throws(WriteError) {
    var buffer = GatheringBuffer(at: 0)
    try put(plan.head(part: isSplit ? firstFrame..<endFrame : nil)[...], to: &buffer)
    var offset = plan.notes.lowerBound
    while offset < plan.notes.upperBound {
      let bytes: [UInt8]
      do throws(ReadError) {
        bytes = try source.bytes(
          at: offset, count: Int(min(1 << 16, plan.notes.upperBound - offset)))
      } catch {
        throw WriteError(error)
      }
      guard !bytes.isEmpty else { break }
      try put(bytes[...], to: &buffer)
      offset += UInt64(bytes.count)
    }
    while buffer.end < plan.bitmapOffset {
      let count = min(plan.bitmapOffset - buffer.end, 1 << 16)
      try put([UInt8](repeating: 0, count: Int(count))[...], to: &buffer)
    }
    try buffer.flush(to: output)
    try FrameBitmap(plan.frames.existing, size: plan.bitmapSize)
      .write(to: output, at: plan.bitmapOffset)
    try FrameBitmap(plan.frames.stored, size: plan.bitmapSize, leftOut: plan.leftOut)
      .write(to: output, at: plan.bitmapOffset + plan.bitmapSize)
  }

  private func put(
    _ bytes: ArraySlice<UInt8>, to buffer: inout GatheringBuffer
  ) throws(WriteError) {
    var failure: WriteError?
    unsafe bytes.withUnsafeBytes { slice in
      do throws(WriteError) { try unsafe buffer.append(slice, to: output) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }
}
