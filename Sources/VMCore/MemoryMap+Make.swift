internal import Bytes
internal import CoreWriting
internal import CrashedKernel
internal import DumpRecords
internal import Handover
internal import MemoryImages

extension CrashDump {
  /// What lies where in the machine's memory.
  public var map: MemoryMap { MemoryMap(system, image: image.name, missing: plan.missing) }
}

extension MemoryMap {
  init(_ system: CrashedSystem, image: String, missing: [Range<UInt64>]) {
    self.image = image
    let loads = RangeSet(
      system.header.segments(of: .load).filter { system.unsoundLoads[$0.index] == nil }
        .compactMap(\.segment.physicalRange))
    let held = RangeSet(system.imageMemory.known)
    let stored = MemoryMap.holes(in: system.imageMemory)
    let zero = RangeSet(stored.zero)
    let ranges: [Kind: RangeSet] = [
      .header: RangeSet([MemoryMap.header(system)].compactMap(\.self)),
      .notes: RangeSet(MemoryMap.notes(system)),
      .backup: RangeSet(system.backup.map { [$0.source, $0.copy] } ?? []),
      .missing: RangeSet(missing),
      .leftOut: RangeSet(stored.leftOut),
      .kernel: RangeSet([MemoryMap.kernel(system)].compactMap(\.self)),
      .crash: RangeSet([MemoryMap.crashRegion(system, outside: loads)].compactMap(\.self)),
      .zero: RangeSet(loads.ranges.flatMap { zero.clamped(to: $0).ranges }),
      .ram: loads,
      .other: held.subtracting(loads),
    ]
    parts = Kind.allCases.compactMap { kind in
      guard let found = ranges[kind]?.ranges, !found.isEmpty else { return nil }
      return Part(kind: kind, ranges: found)
    }
  }

  private static func header(_ system: CrashedSystem) -> Range<UInt64>? {
    system.headerRegion
      ?? system.headerAddress.flatMap { Range(start: $0, length: UInt64(system.header.size)) }
  }

  /// Those of a dump lie in the file, and built ones nowhere.
  private static func notes(_ system: CrashedSystem) -> [Range<UInt64>] {
    guard system.stored == nil else { return [] }
    return system.sections.filter { $0.built == nil }.compactMap {
      Range(start: $0.address, length: $0.limit)
    }
  }

  /// By the symbol table, else by the load that maps it apart, else by vmcoreinfo.
  private static func kernel(_ system: CrashedSystem) -> Range<UInt64>? {
    guard let kernel = system.kernel else { return nil }
    if let range = try? kernel.imageRange(),
      let start = try? kernel.linearMap().physical(range.lowerBound)
    {
      return Range(start: start, length: range.length)
    }
    let text = kernel.information.symbol("_stext")
    let load = system.header.segments(of: .load).map(\.segment).first { load in
      guard let text, let range = Range(start: load.virtualAddress, length: load.memorySize) else {
        return false
      }
      return range.contains(text) && load.memorySize <= 1 << 30
    }
    let isApart = (try? kernel.linearMap().mapsImageApart) ?? false
    if let load, isApart { return load.physicalRange }
    return KernelImage(
      of: kernel.architecture, kernel.information,
      in: load?.physicalRange ?? 0..<max(1, kernel.physicalMemory.end), isApart: isApart
    )?.physical
  }

  /// What no load has around the header.
  private static func crashRegion(
    _ system: CrashedSystem, outside loads: RangeSet
  ) -> Range<UInt64>? {
    if let region = system.s390?.layout?.crashRegion { return region }
    guard let address = system.headerAddress else { return nil }
    let region = system.header.crashRegion(
      around: address, end: max(system.imageMemory.end, address))
    return loads.gaps(in: region).ranges.first { $0.contains(address) }
  }

  /// Holes that a picture can show, and stretches of an image that are looked at for them.
  private static let smallestHole: UInt64 = 1 << 16
  private static let mostExtents = 1 << 20

  /// What a file does not store, and what a dump has left out.
  private static func holes(
    in memory: PhysicalMemory
  ) -> (zero: [Range<UInt64>], leftOut: [Range<UInt64>]) {
    var zero: [Range<UInt64>] = []
    var leftOut: [Range<UInt64>] = []
    var budget = mostExtents
    for region in memory.regions {
      var address = region.range.lowerBound
      while address < region.range.upperBound, budget > 0 {
        budget -= 1
        let place = region.sourceOffset(of: address)
        let extent = region.source.extent(at: place)
        guard extent.end > place else { break }
        let end = min(region.range.upperBound, address.adding(extent.end - place) ?? .max)
        if extent.isLeftOut {
          leftOut.append(address..<end)
        } else if extent.isHole, end - address >= smallestHole {
          zero.append(address..<end)
        }
        address = end
      }
    }
    return (zero, leftOut)
  }
}
