package import Bytes
internal import DumpRecords
package import MemoryImages

/// The vmcore as a file that can be read at any offset, though it is stored nowhere.
package struct ELFCoreFile: ByteSource {
  package let name: String
  package let size: UInt64
  /// The most that a byte costs.
  package let readCost: UInt64
  private let extents: [OutputExtent]
  private let memory: PhysicalMemory
  private let file: PhysicalMemory
  /// What a dump that is kept says it lacks; nil where a vmcore is made.
  private let lacking: [Range<UInt64>]?
  /// The header that it begins with; nil of another format.
  private let header: CoreHeader?

  /// The vmcore of a plan, with data from `memory`.
  package init(_ plan: CorePlan, memory: PhysicalMemory, name: String = "vmcore") {
    self.name = name
    size = plan.size
    extents = plan.extents
    self.memory = memory.uncounted
    file = plan.file?.uncounted ?? self.memory
    readCost = max(self.memory.readCost, file.readCost)
    lacking = plan.file == nil ? nil : plan.missing
    header = plan.header
  }

  /// A file of another format, put together in the same way of bytes, zeros and memory.
  init(_ list: ExtentList, memory: PhysicalMemory, name: String) {
    self.name = name
    size = list.end
    extents = list.extents
    self.memory = memory.uncounted
    file = self.memory
    readCost = self.memory.readCost
    lacking = nil
    header = nil
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

  private func extentIndex(at offset: UInt64) -> Int {
    extents.partitioningIndex { $0.range.upperBound > offset }
  }
}

// MARK: An early end

extension ELFCoreFile {
  /// The header of the same vmcore where it ends early, with makedumpfile's mark: loads are cut to
  /// what is there, and keep their size in memory.
  ///
  /// - Returns: nil where not even the notes are there, or the format has no such mark.
  func header(endingAt end: UInt64) -> [UInt8]? {
    guard var header, let old = try? bytes(at: 0, count: header.size), old == header.encoded,
      header.segments(of: .note).allSatisfy({ $0.segment.offset + $0.segment.fileSize <= end })
    else { return nil }
    header.header.flags |= ELFHeader.incomplete
    for index in header.segments.indices where header.segments[index].type == .load {
      let load = header.segments[index]
      guard let stop = load.offset.adding(load.fileSize), stop > end else { continue }
      header.segments[index].fileSize = max(load.offset, end) - load.offset
      header.segments[index].offset = min(load.offset, end)
    }
    return header.encoded
  }
}

// MARK: Memory

extension ELFCoreFile {
  /// The memory of a load that stands at an offset, with the addresses of the load: what the image,
  /// or the dump that is kept, holds of it.
  func regions(of load: Range<UInt64>, from offset: UInt64) -> [MemoryRegion] {
    var regions: [MemoryRegion] = []
    var done: UInt64 = 0
    var index = extentIndex(at: offset)
    while done < load.length, index < extents.count {
      let extent = extents[index]
      let inside = offset + done - extent.range.lowerBound
      let length = min(load.length - done, extent.range.length - inside)
      let address = load.lowerBound + done
      switch extent.content {
      case .memory(let start):
        for part in present(start + inside..<start + inside + length) {
          regions += ELFCoreFile.regions(
            of: memory, in: part, movedTo: address + (part.lowerBound - (start + inside)))
        }
      case .file(let start):
        regions += ELFCoreFile.regions(
          of: file, in: start + inside..<start + inside + length, movedTo: address)
      case .bytes, .zeros:
        break
      }
      done += length
      index += 1
    }
    return regions
  }

  /// The parts of a range of memory that the dump which is kept does not say it lacks.
  private func present(_ range: Range<UInt64>) -> [Range<UInt64>] {
    guard let lacking else { return [range] }
    var parts: [Range<UInt64>] = []
    var start = range.lowerBound
    var index = lacking.partitioningIndex { $0.upperBound > start }
    while index < lacking.count, lacking[index].lowerBound < range.upperBound {
      if lacking[index].lowerBound > start { parts.append(start..<lacking[index].lowerBound) }
      start = min(range.upperBound, lacking[index].upperBound)
      index += 1
    }
    if start < range.upperBound { parts.append(start..<range.upperBound) }
    return parts
  }

  private static func regions(
    of memory: PhysicalMemory, in range: Range<UInt64>, movedTo start: UInt64
  ) -> [MemoryRegion] {
    var regions: [MemoryRegion] = []
    var rest = range
    while !rest.isEmpty {
      let piece = memory.firstStretch(of: rest)
      if case .present(let part, let region) = piece {
        let moved = start + (part.lowerBound - range.lowerBound)
        regions.append(
          MemoryRegion(
            range: moved..<moved + part.length, source: region.source,
            offset: region.sourceOffset(of: part.lowerBound)))
      }
      rest = piece.range.upperBound..<rest.upperBound
    }
    return regions
  }
}

extension Array {
  /// The first place from which on a condition holds; it must hold for all that follow.
  func partitioningIndex(where holds: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
