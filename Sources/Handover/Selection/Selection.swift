internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// `--select`: whose memory the vmcore shows.
package enum Selection: String, Sendable, CaseIterable {
  /// The crashed kernel's.
  case production
  /// The second kernel's own.
  case kdump
  /// Everything as it lies.
  case all
}

extension Selection {
  /// A system whose header was found in memory, with the selected memory.
  func show(
    _ system: CrashedSystem, in scene: Scene
  ) throws(ReadError) -> SystemFinder.Answer {
    switch self {
    case .production: return .found(system)
    case .all: return .found(Selection.everything(system))
    case .kdump: return try SecondKernelMemory(beside: system, in: scene).answer()
    }
  }

  /// Adds a load for all memory of the image that the header leaves out; nothing is read from a
  /// backup.
  private static func everything(_ system: CrashedSystem) -> CrashedSystem {
    var system = system
    let difference = directMapDifference(of: system)
    let known = RangeSet(system.header.segments(of: .load).compactMap { $0.segment.physicalRange })
    for index in system.header.segments.indices
    where system.header.segments[index].type == .load {
      system.header.segments[index].offset = system.header.segments[index].physicalAddress
    }
    for range in system.imageMemory.known.flatMap({ known.gaps(in: $0).ranges })
    where system.header.segments.count < Int(UInt16.max) - 1 {
      system.header.segments.append(
        ProgramHeader(shown: range, virtual: difference.map { range.lowerBound &+ $0 } ?? 0))
    }
    system.unsoundLoads = LoadCheck(system.header).unsound
    system.backup = nil
    system.memory = system.imageMemory
    return system
  }

  /// What the direct map adds to a physical address: that of the largest load.
  private static func directMapDifference(of system: CrashedSystem) -> UInt64? {
    system.header.segments(of: .load).filter { system.unsoundLoads[$0.index] == nil }
      .max { $0.segment.memorySize < $1.segment.memorySize }
      .map { $0.segment.virtualAddress &- $0.segment.physicalAddress }
  }
}

extension ProgramHeader {
  /// A load for memory that no header of the crashed kernel has.
  init(shown range: Range<UInt64>, virtual: UInt64) {
    self.init(
      type: .load, flags: 7, offset: range.lowerBound, virtualAddress: virtual,
      physicalAddress: range.lowerBound, fileSize: range.length, memorySize: range.length)
  }
}
