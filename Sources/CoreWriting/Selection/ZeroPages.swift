internal import Bytes
internal import MemoryImages

/// Tells pages that hold nothing but zeros from others.
struct ZeroPages: Sendable {
  private let frames: PageFrames
  private let budget: Budget?
  /// What a byte costs.
  private let readCost: UInt64
  private let pool: ChunkPool

  /// Bytes that are read at once; no page is larger.
  private static let chunkSize = 1 << 18

  init(_ selected: SelectedFrames) {
    frames = selected.frames
    budget = selected.budget
    readCost = frames.memory.readCost
    pool = ChunkPool(size: ZeroPages.chunkSize)
  }

  /// Visits frames in order, which the image or a dump holds: whether they are zero.
  func visit(
    _ part: Range<UInt64>, _ body: (Range<UInt64>, _ isZero: Bool) -> Void
  ) throws(SelectionError) {
    var frame = part.lowerBound
    while frame < part.upperBound {
      let absent = frames.absent(at: frame)
      if absent > 0 {
        let end = min(part.upperBound, frame + absent)
        body(frame..<end, true)
        frame = end
        continue
      }
      let extent = frames.extent(at: frame)
      let end = min(part.upperBound, extent.end)
      switch extent.kind {
      case .leftOut: break
      case .zeros: body(frame..<end, true)
      case .data: try read(frame..<end, body)
      }
      frame = end
    }
  }

  private func read(
    _ part: Range<UInt64>, _ body: (Range<UInt64>, _ isZero: Bool) -> Void
  ) throws(SelectionError) {
    let size = Int(frames.pageSize)
    let chunk = pool.take()
    defer { pool.giveBack(chunk) }
    var frame = part.lowerBound
    while frame < part.upperBound {
      let count = Int(min(part.upperBound - frame, UInt64(ZeroPages.chunkSize / size)))
      let buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[..<(count * size)])
      do throws(ReadError) {
        try budget?.spend(
          Budget.callCost + UInt64(count * size) &* readCost, .reading, on: "the pages of the dump")
        try unsafe frames.memory.read(at: frame * frames.pageSize, into: buffer)
      } catch {
        throw .read(error)
      }
      for index in 0..<count {
        let page = unsafe UnsafeRawBufferPointer(
          rebasing: buffer[index * size..<(index + 1) * size])
        let number = frame + UInt64(index)
        body(number..<number + 1, unsafe isAllZero(page))
      }
      frame += UInt64(count)
    }
  }
}
