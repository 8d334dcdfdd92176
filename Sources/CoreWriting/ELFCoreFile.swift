package import Bytes
package import MemoryImages

/// The vmcore as a file that can be read at any offset, though it is stored nowhere.
package struct ELFCoreFile: ByteSource {
  package let name: String
  package let size: UInt64
  private let extents: [OutputExtent]
  private let memory: PhysicalMemory
  private let file: PhysicalMemory
  /// What a dump that is kept says it lacks; nil where a vmcore is made.
  private let lacking: [Range<UInt64>]?

  /// The vmcore of a plan, with data from `memory`.
  package init(_ plan: CorePlan, memory: PhysicalMemory, name: String = "vmcore") {
    self.name = name
    size = plan.size
    extents = plan.extents
    self.memory = memory
    file = plan.file ?? memory
    lacking = plan.file == nil ? nil : plan.missing
  }

  package func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let count = Int(min(UInt64(buffer.count), size - offset))
    var index = extentIndex(at: offset)
    var done = 0
    while done < count {
      let extent = extents[index]
      let position = offset + UInt64(done)
      let inside = position - extent.range.lowerBound
      let length = Int(min(UInt64(count - done), extent.range.upperBound - position))
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + length])
      switch extent.content {
      case .zeros:
        unsafe part.initializeMemory(as: UInt8.self, repeating: 0)
      case .bytes(let bytes):
        unsafe part.copyBytes(from: bytes[Int(inside)..<Int(inside) + length])
      case .memory(let address):
        try unsafe memory.read(at: address + inside, into: part)
      case .file(let place):
        try unsafe file.read(at: place + inside, into: part)
      }
      done += length
      index += 1
    }
    return done
  }

  package func extent(at offset: UInt64) -> SourceExtent {
    guard offset < size else { return SourceExtent(isHole: false, end: offset) }
    let extent = extents[extentIndex(at: offset)]
    switch extent.content {
    case .zeros: return SourceExtent(isHole: true, end: extent.range.upperBound)
    case .bytes: return SourceExtent(isHole: false, end: extent.range.upperBound)
    case .memory(let start):
      return pieceExtent(of: memory, from: start, extent, at: offset)
    case .file(let start):
      return pieceExtent(of: file, from: start, extent, at: offset)
    }
  }

  private func pieceExtent(
    of memory: PhysicalMemory, from start: UInt64, _ extent: OutputExtent, at offset: UInt64
  ) -> SourceExtent {
    let address = start + (offset - extent.range.lowerBound)
    let wanted = address..<address + (extent.range.upperBound - offset)
    switch memory.firstStretch(of: wanted) {
    case .absent(let range): return SourceExtent(isHole: true, end: offset + range.length)
    case .present(let range, let region):
      let place = region.sourceOffset(of: address)
      let inner = region.source.extent(at: place)
      let length = min(range.length, inner.end > place ? inner.end - place : range.length)
      return SourceExtent(
        isHole: inner.isHole, isLeftOut: inner.isLeftOut, end: offset + length)
    }
  }

  package func filePosition(at offset: UInt64) -> FilePosition? {
    guard offset < size else { return nil }
    let extent = extents[extentIndex(at: offset)]
    switch extent.content {
    case .bytes, .zeros: return nil
    case .memory(let start): return position(in: memory, from: start, extent, at: offset)
    case .file(let start): return position(in: file, from: start, extent, at: offset)
    }
  }

  private func position(
    in memory: PhysicalMemory, from start: UInt64, _ extent: OutputExtent, at offset: UInt64
  ) -> FilePosition? {
    let address = start + (offset - extent.range.lowerBound)
    guard
      case .present(_, let region) = memory.firstStretch(
        of: address..<address + (extent.range.upperBound - offset))
    else { return nil }
    return region.source.filePosition(at: region.sourceOffset(of: address))
  }

  /// Offsets that show zeros because the image lacks the memory, ascending.
  package var missing: [Range<UInt64>] {
    extents.flatMap { extent -> [Range<UInt64>] in
      guard let wanted = extent.memoryRange else { return [] }
      return gaps(in: wanted).map { gap in
        let start = extent.range.lowerBound + (gap.lowerBound - wanted.lowerBound)
        return start..<start + gap.length
      }
    }
  }

  /// Memory that the image, or the dump that is kept, lacks.
  private func gaps(in wanted: Range<UInt64>) -> [Range<UInt64>] {
    guard let lacking else { return memory.missing(in: wanted) }
    return lacking.map { $0.clamped(to: wanted) }.filter { !$0.isEmpty }
  }

  private func extentIndex(at offset: UInt64) -> Int {
    var low = 0
    var high = extents.count - 1
    while low < high {
      let middle = (low + high) / 2
      if extents[middle].range.upperBound > offset { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
