internal import Bytes
internal import DumpRecords
internal import MemoryImages

/// The page frames that the loads of a vmcore hold: each once, though loads may overlap (x86 maps
/// the kernel's text a second time). Where loads hold the same address the first one counts, as it
/// does for makedumpfile and libkdumpfile.
struct PageFrames: Sendable {
  let pageSize: UInt64
  /// The memory that the loads show, at the addresses that they give it.
  let memory: PhysicalMemory
  /// Numbers of the frames that the crashed machine had: ascending, merged.
  let existing: [Range<UInt64>]
  /// Numbers of those of which the image holds at least a part.
  let stored: [Range<UInt64>]
  /// Whether memory that the loads promise is lacking.
  let isIncomplete: Bool
  /// What is left out of the frames; nil: nothing.
  let selection: PageSelection?
  /// Whether frames may be lacking beside those that a selection leaves out: in a dump, or where reading
  /// shows that pages are lost.
  private let mayLackPages: Bool

  /// Whether pages may turn out to be lost when they are read.
  var mayLosePages: Bool { memory.regions.contains { $0.source.mayLoseBytes } }

  /// Whether reading has shown by now that pages cannot be read.
  var hasUnreadablePages: Bool { memory.regions.contains { $0.source.hasUnreadable } }

  /// Number of the highest frame, plus one.
  var end: UInt64 { existing.last?.upperBound ?? 0 }

  /// Number of frames from one on of which nothing is held: they read as zeros.
  func absent(at frame: UInt64) -> UInt64 {
    let (address, overflow) = frame.multipliedReportingOverflow(by: pageSize)
    guard !overflow, case .absent(let gap) = memory.firstStretch(of: address..<UInt64.max) else {
      return 0
    }
    return gap.length / pageSize
  }

  /// Number of frames in ranges.
  static func count(_ ranges: [Range<UInt64>]) -> UInt64 {
    ranges.reduce(0) { $0 &+ $1.length }
  }

  /// The frames below which so many pages lie, of those from `start` on that are not left out;
  /// ``end`` where there are fewer. Counts are in ascending order.
  func frames(behind counts: [UInt64], from start: UInt64 = 0) -> [UInt64] {
    var frames: [UInt64] = []
    var seen: UInt64 = 0
    let hasUnreadable = hasUnreadablePages
    for range in stored where range.upperBound > start {
      var frame = max(start, range.lowerBound)
      while frame < range.upperBound, frames.count < counts.count {
        let extent = leftOutExtent(at: frame, hasUnreadable: hasUnreadable)
        let run = frame..<min(extent.end, range.upperBound)
        frame = run.upperBound
        guard extent.kind != .leftOut else { continue }
        while frames.count < counts.count, counts[frames.count] < seen + run.length {
          frames.append(run.lowerBound + (counts[frames.count] - seen))
        }
        seen += run.length
      }
    }
    return frames + Array(repeating: end, count: counts.count - frames.count)
  }

  /// The frames of a vmcore's loads.
  ///
  /// - Parameter isKept: whether the loads are those of a dump, which may hold less than they
  ///   promise.
  init(
    of header: CoreHeader, in file: ELFCoreFile, pageSize: UInt64, isKept: Bool = false,
    selection: PageSelection? = nil
  ) throws(PlanError) {
    self.pageSize = pageSize
    self.selection = selection
    let whole = PageFrames.disjointPieces(of: header, size: \.memorySize)
    let held = isKept ? PageFrames.disjointPieces(of: header, size: \.fileSize) : whole
    let regions = held.flatMap { file.regions(of: $0.physical, from: $0.offset) }
    do throws(OverlappingRegions) { memory = try PhysicalMemory(regions: regions) } catch {
      throw PlanError("the loads show memory at \(error.first.range.hex) twice")
    }
    existing = PageFrames.frames(of: whole.map(\.physical), pageSize)
    stored = PageFrames.frames(of: memory.regions.map(\.range), pageSize)
    mayLackPages = isKept || memory.regions.contains { $0.source.mayLoseBytes }
    isIncomplete = memory.size < whole.reduce(0) { $0 &+ $1.physical.length }
  }

  /// A stretch of physical memory and where it stands in the vmcore.
  private struct Piece {
    var physical: Range<UInt64>
    var offset: UInt64
  }

  /// What each load is the first in the table to hold.
  private static func disjointPieces(
    of header: CoreHeader, size: (ProgramHeader) -> UInt64
  ) -> [Piece] {
    let loads = header.segments(of: .load).map(\.segment)
      .filter { $0.physicalRange != nil && size($0) > 0 && $0.offset.adding(size($0)) != nil }
      .filter { $0.physicalAddress.adding(size($0)) != nil }
    let ranges = loads.map { $0.physicalAddress..<$0.physicalAddress + size($0) }
    return RangeOwners(ranges).parts.map { range, owner in
      Piece(
        physical: range,
        offset: loads[owner].offset + (range.lowerBound - loads[owner].physicalAddress))
    }
  }

  private static func frames(
    of ranges: [Range<UInt64>], _ pageSize: UInt64
  ) -> [Range<UInt64>] {
    let frames = ranges.map { $0.lowerBound / pageSize..<($0.upperBound - 1) / pageSize + 1 }
    return RangeSet(frames).ranges
  }
}

/// Whole frames that are alike.
struct FrameExtent {
  enum Kind {
    case data, zeros, leftOut
  }

  var kind: Kind
  /// The frame behind the last one.
  var end: UInt64
}

extension PageFrames {
  /// Whether some of neighbouring frames may be lost, as reads of them have shown.
  func mayBeLost(_ frames: Range<UInt64>) -> Bool {
    var rest = frames.lowerBound * pageSize..<frames.upperBound * pageSize
    while !rest.isEmpty {
      let stretch = memory.firstStretch(of: rest)
      if case .present(_, let region) = stretch,
        region.source.mayLoseBytes || region.source.hasUnreadable
      {
        return true
      }
      rest = stretch.range.upperBound..<rest.upperBound
    }
    return false
  }

  /// Whether a frame is lost, as reads of it have shown.
  func isLost(_ frame: UInt64) -> Bool {
    let address = frame * pageSize
    guard
      case .present(let range, let region) = memory.firstStretch(of: address..<address + pageSize),
      range.length == pageSize
    else { return false }
    let place = region.sourceOffset(of: address)
    return region.source.isLost(place..<place + pageSize)
  }

  /// The frames from `frame` on that are alike; a frame that is not in one piece is data.
  func extent(at frame: UInt64) -> FrameExtent {
    guard let stretch = selection?.stretch(at: frame) else { return storedExtent(at: frame) }
    if stretch.isSet { return FrameExtent(kind: .leftOut, end: stretch.end) }
    var extent = storedExtent(at: frame)
    extent.end = min(extent.end, stretch.end)
    return extent
  }

  /// The same, where nothing matters but whether frames are left out.
  ///
  /// - Parameter hasUnreadable: whether frames that cannot be read are.
  func leftOutExtent(at frame: UInt64, hasUnreadable: Bool = false) -> FrameExtent {
    var extent: FrameExtent
    if mayLackPages {
      extent = self.extent(at: frame)
    } else if let stretch = selection?.stretch(at: frame) {
      extent = FrameExtent(kind: stretch.isSet ? .leftOut : .data, end: stretch.end)
    } else {
      extent = FrameExtent(kind: .data, end: .max)
    }
    if hasUnreadable, extent.kind != .leftOut { cut(&extent, from: frame) }
    return extent
  }

  /// Ends an extent where the first frame begins that cannot be read; where that is its first one, it
  /// is left out.
  private func cut(_ extent: inout FrameExtent, from frame: UInt64) {
    let address = frame * pageSize
    let (end, overflow) = extent.end.multipliedReportingOverflow(by: pageSize)
    let stretch = memory.firstStretch(of: address..<(overflow ? .max : end))
    let length = max(1, stretch.range.length / pageSize)
    extent.end = min(extent.end, frame + length)
    guard case .present(let range, let region) = stretch else { return }
    let place = region.sourceOffset(of: address)
    guard let lost = region.source.firstUnreadable(in: place..<place + range.length) else { return }
    let first = frame + (lost.lowerBound - place).dividedUp(by: pageSize)
    let last = frame + (lost.upperBound - place) / pageSize
    if first > frame {
      extent.end = min(extent.end, first)
    } else if last > first {
      extent = FrameExtent(kind: .leftOut, end: min(extent.end, last))
    } else {
      extent.end = min(extent.end, frame + 1)
    }
  }

  /// What the image, or the dump that is converted, has.
  func storedExtent(at frame: UInt64) -> FrameExtent {
    let single = FrameExtent(kind: .data, end: frame + 1)
    let address = frame * pageSize
    guard case .present(let range, let region) = memory.firstStretch(of: address..<UInt64.max)
    else { return single }
    let place = region.sourceOffset(of: address)
    let extent = region.source.extent(at: place)
    guard extent.end > place else { return single }
    let count = min(extent.end - place, range.length) / pageSize
    guard count > 0 else { return single }
    let kind: FrameExtent.Kind = extent.isLeftOut ? .leftOut : extent.isHole ? .zeros : .data
    return FrameExtent(kind: kind, end: frame + count)
  }
}
