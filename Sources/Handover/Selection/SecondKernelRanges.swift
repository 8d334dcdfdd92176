internal import Bytes
internal import DumpRecords
internal import MemoryImages

/// Where a second kernel has memory: the crash region around its header, and whatever else was
/// reserved for it, as low memory below 4 GiB (`crashkernel=…,low`) or stretches of CMA
/// (`crashkernel=…,cma`).
struct SecondKernelRanges {
  /// Ascending; the one with the header, or next to it, comes first.
  let ranges: [Range<UInt64>]
  /// Who told.
  let origin: Message

  /// What it was told by whatever named its core header, else all memory that the crashed kernel's
  /// header leaves out.
  init(
    beside system: CrashedSystem, headerAt address: UInt64, in scene: Scene
  ) throws(ReadError) {
    let region = system.header.crashRegion(
      around: address, end: max(system.imageMemory.end, address))
    if let told = try SecondKernelRanges.told(of: address, system, scene),
      told.ranges.contains(where: { $0.overlaps(region) })
    {
      self.init(told.ranges, around: region, origin: told.origin)
      return
    }
    let loads = RangeSet(
      system.header.segments(of: .load).filter { system.unsoundLoads[$0.index] == nil }
        .compactMap { $0.segment.physicalRange })
    var gaps = system.imageMemory.known.flatMap { loads.gaps(in: $0).ranges }
    // The second kernel has the low memory too, once its former content is in the backup.
    if let backup = system.backup, !backup.isStillAtSource { gaps.append(backup.source) }
    self.init(gaps, around: region, origin: "all memory between the crashed kernel's loads")
  }

  private init(_ ranges: [Range<UInt64>], around region: Range<UInt64>, origin: Message) {
    let all = RangeSet(ranges).ranges
    let own = all.filter { $0.overlaps(region) }
    self.ranges = own + all.filter { !$0.overlaps(region) }
    self.origin = origin
  }

  /// The memory map, or the device tree, that names the core header.
  private static func told(
    of address: UInt64, _ system: CrashedSystem, _ scene: Scene
  ) throws(ReadError) -> (ranges: [Range<UInt64>], origin: Message)? {
    let evidence = try scene.evidence()
    for (place, tree) in evidence.deviceTrees
    where tree.namedCoreHeader?.parameter.address == address && !tree.usableMemory.isEmpty {
      return (tree.usableMemory, "the device tree at \(place.hex)")
    }
    let view = ImageView(given: scene.image.with(system.imageMemory))
    let named = try evidence.namedPlaces(in: view)
      .filter { $0.locator == .bootParameters && $0.parameter.address == address }
    for (place, page) in evidence.bootParameters
    where !page.usableMemory.isEmpty && named.contains(where: { $0.namedAt == place }) {
      return (page.usableMemory, "its e820 table at \(place.hex)")
    }
    return nil
  }
}
