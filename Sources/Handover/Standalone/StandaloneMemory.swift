internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// Where a machine had memory, for a vmcore without a core header: whoever knows best.
struct StandaloneMemory {
  /// The ranges, ascending, neighbours joined.
  let ranges: [Range<UInt64>]
  /// Who told.
  let origin: Message

  /// What the user says, the e820 table, a device tree, else all that the image holds.
  init(
    _ evidence: Evidence, in view: ImageView, _ options: SearchOptions,
    kernelAt place: UInt64?, _ kernel: Kernel?
  ) throws(ReadError) {
    func isOfKernel(_ ranges: [Range<UInt64>]) -> Bool {
      guard let place else { return !ranges.isEmpty }
      return ranges.contains { $0.contains(place) }
    }
    let own = try StandaloneMemory.ownPage(of: kernel)
    let pages = ((own.map { [$0] } ?? []) + evidence.bootParameters).map { place, page in
      ("the e820 table at \(place.hex)", StandaloneMemory.usable(page.memoryMap))
    }
    let tables = evidence.memoryMaps.map { place, table in
      ("the \(FirmwareMap(table, at: place).origin)", StandaloneMemory.usable(table.entries))
    }
    let trees = evidence.deviceTrees.map { ("a device tree at \($0.hex)", $1.memory) }
    let all = view.memory.regions.map(\.range)
    // A second kernel's map may leave memory out: the largest map with the kernel in it counts.
    let told = [pages, tables, trees].lazy.compactMap { list in
      list.map { (origin: Message($0.0), ranges: StandaloneMemory.joined($0.1)) }
        .filter { isOfKernel($0.ranges) }
        .max { StandaloneMemory.size($0.ranges) < StandaloneMemory.size($1.ranges) }
    }.first
    if !options.ram.isEmpty {
      self.init(ranges: StandaloneMemory.joined(options.ram), origin: "\(.ram)")
    } else if let told {
      self.init(ranges: told.ranges, origin: told.origin)
    } else {
      self.init(ranges: StandaloneMemory.joined(all), origin: "the whole image")
    }
  }

  private static func usable(_ entries: [BootParameters.MemoryMapEntry]) -> [Range<UInt64>] {
    entries.filter(\.isUsable).map(\.range)
  }

  /// The kernel's own copy of its zero page.
  private static func ownPage(
    of kernel: Kernel?
  ) throws(ReadError) -> (address: UInt64, page: BootParameters)? {
    guard let kernel, let symbol = try kernel.symbols().value?.address(of: "boot_params") else {
      return nil
    }
    let memory = try kernel.memory()
    guard let bytes = try memory.read(at: symbol, count: BootParameters.size).value,
      let page = BootParameters(bytes)
    else { return nil }
    guard case .at(let place, _) = try memory.translate(symbol) else { return (0, page) }
    return (place, page)
  }

  private init(ranges: [Range<UInt64>], origin: Message) {
    self.ranges = ranges
    self.origin = origin
  }

  private static func size(_ ranges: [Range<UInt64>]) -> UInt64 {
    ranges.reduce(0) { $0 &+ $1.length }
  }

  /// Whole pages, ascending, none twice; what no machine has is left out.
  private static func joined(_ ranges: [Range<UInt64>]) -> [Range<UInt64>] {
    let pages = ranges.compactMap { range -> Range<UInt64>? in
      guard let start = range.lowerBound.roundedUp(to: 4096),
        case let end = range.upperBound.roundedDown(to: 4096), start < end,
        end <= PhysicalAddress.end
      else { return nil }
      return start..<end
    }
    return RangeSet(pages).ranges
  }
}
