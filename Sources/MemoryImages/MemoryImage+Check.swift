package import Bytes

extension MemoryImage {
  /// Reads all packed pages, so that ``damage`` knows of every one that is damaged; nothing is read
  /// of an image that has none.
  ///
  /// - Parameter isCancelled: asked between pieces; true ends the reading.
  package func checkPages(
    workers: Int, isCancelled: @Sendable () -> Bool
  ) throws(ReadError) {
    guard damage != nil else { return }
    var pieces = MemoryPieces(memory)
    let pool = ChunkPool(size: Int(MemoryPieces.size))
    try OrderedPipeline(workers: workers).run(
      produce: { () throws(ReadError) -> Range<UInt64>? in isCancelled() ? nil : pieces.next() },
      work: { (piece: Range<UInt64>) throws(ReadError) in
        let chunk = pool.take()
        defer { pool.giveBack(chunk) }
        try unsafe memory.read(
          at: piece.lowerBound,
          into: UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[..<Int(piece.length)]))
      },
      consume: { (_: Void) throws(ReadError) in })
  }
}

/// What is stored of a memory, cut into pieces.
private struct MemoryPieces {
  private let regions: [MemoryRegion]
  private var index = 0
  private var place: UInt64 = 0

  /// Bytes of the largest piece.
  static let size: UInt64 = 1 << 20

  init(_ memory: PhysicalMemory) {
    regions = memory.regions
    place = regions.first?.range.lowerBound ?? 0
  }

  mutating func next() -> Range<UInt64>? {
    while index < regions.count {
      let region = regions[index]
      guard place < region.range.upperBound else {
        index += 1
        if index < regions.count { place = regions[index].range.lowerBound }
        continue
      }
      let offset = region.sourceOffset(of: place)
      let extent = region.source.extent(at: offset)
      let length = extent.end > offset ? extent.end - offset : MemoryPieces.size
      let end = min(region.range.upperBound, place.adding(length) ?? .max)
      guard extent.isHole else {
        let piece = place..<min(end, place + MemoryPieces.size)
        place = piece.upperBound
        return piece
      }
      place = end
    }
    return nil
  }
}
