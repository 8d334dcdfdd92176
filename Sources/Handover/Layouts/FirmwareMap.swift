internal import Bytes
internal import DumpRecords
internal import MemoryImages

/// Where a machine has memory, as something in the image says.
struct FirmwareMap: Sendable {
  /// Memory: ascending, neighbours joined.
  let memory: RangeSet
  /// Everything that is listed, memory or not.
  let listed: RangeSet
  /// Who says it.
  let origin: String
  /// Where listed stretches begin and end.
  private let entries: [Range<UInt64>]
  /// Where they end.
  private let stops: Set<UInt64>
  /// Whether it is a PC's, whose memory begins at 0 and has the ISA range in it.
  private let isOfPC: Bool
  /// Whether it says where memory ends: loads of a core header leave a crash region out, which may
  /// lie behind the last one.
  let isWhole: Bool

  private init(
    _ entries: [Range<UInt64>], memory: RangeSet, from origin: String, isOfPC: Bool, isWhole: Bool
  ) {
    self.entries = entries
    stops = Set(entries.map(\.upperBound))
    self.memory = memory
    listed = RangeSet(entries)
    self.origin = origin
    self.isOfPC = isOfPC
    self.isWhole = isWhole
  }

  /// An e820 table.
  init(_ table: MemoryMapTable, at place: UInt64) {
    self.init(
      table.entries.map(\.range),
      memory: RangeSet(table.entries.filter(\.isUsable).map(\.range)),
      from: "e820 table at file offset \(place.hex)", isOfPC: true, isWhole: true)
  }

  /// The memory nodes of a device tree.
  init(_ tree: DeviceTree, at place: UInt64) {
    self.init(
      tree.memory, memory: RangeSet(tree.memory), from: "memory node of a device tree",
      isOfPC: false, isWhole: true)
  }

  /// The loads of a core header: what lies between them on either side of 4 GiB is memory, too. Nil
  /// where they begin so high that they do not tell where memory does.
  init?(_ loads: RangeSet) {
    let boundary: UInt64 = 1 << 32
    guard let first = loads.ranges.first, first.lowerBound <= 1 << 24 else { return nil }
    let low = loads.clamped(to: 0..<boundary).ranges
    let high = loads.clamped(to: boundary..<PhysicalAddress.end).ranges
    let spans = [low, high].compactMap { ranges -> Range<UInt64>? in
      guard let first = ranges.first, let last = ranges.last else { return nil }
      return first.lowerBound..<last.upperBound
    }
    self.init(
      spans, memory: RangeSet(spans), from: "loads of the core header", isOfPC: true,
      isWhole: false)
  }

  /// Every map of a scan at address = file offset, most memory first.
  static func all(of evidence: Evidence) -> [FirmwareMap] {
    let maps =
      evidence.memoryMaps.map { FirmwareMap($0.map, at: $0.address) }
      + evidence.deviceTrees.filter { !$0.tree.memory.isEmpty }
      .map { FirmwareMap($0.tree, at: $0.address) }
    return maps.filter { !$0.memory.ranges.isEmpty }
      .sorted { $0.memory.length > $1.memory.length }
  }

  /// What no map lists though there may be memory: the ISA range of a PC.
  var unlisted: RangeSet { RangeSet(isOfPC ? [0..<1 << 20] : []) }

  /// How much a look at all of it costs.
  var count: Int { entries.count }

  /// Whether something listed, or a PC's memory below the display, ends at an address.
  func ends(at address: UInt64) -> Bool {
    isOfPC && address <= 1 << 20 || stops.contains(address)
  }

  /// Whether it can be the map of a machine with memory at these places: a second kernel's own map
  /// leaves most of them out.
  func isOfMachine(with places: RangeSet) -> Bool {
    let outside = places.subtracting(memory).length
    return outside <= places.length / 2
  }
}

extension FirmwareMap {
  /// Memory with less between it is one piece: the ISA range, tables of the firmware.
  private static let smallGap: UInt64 = 1 << 20
  /// The same where all between is listed.
  private static let listedGap: UInt64 = 1 << 26
  /// Ends of a piece that are tried.
  private static let mostEnds = 4
  /// Pieces that are told apart.
  private static let mostBlocks = 64

  /// Memory that whoever runs the machine provides in one piece: each from its first to its last
  /// byte of memory.
  private var blocks: [Range<UInt64>] {
    var blocks: [Range<UInt64>] = []
    for range in memory.ranges {
      if let last = blocks.last, case let gap = last.upperBound..<range.lowerBound,
        gap.length < FirmwareMap.smallGap
          || gap.length < FirmwareMap.listedGap && listed.gaps(in: gap).ranges.isEmpty
      {
        blocks[blocks.count - 1] = last.lowerBound..<range.upperBound
      } else if blocks.count < FirmwareMap.mostBlocks {
        blocks.append(range)
      } else {
        break
      }
    }
    return blocks
  }

  /// Where a piece can end: with its memory, or behind what is listed between it and the next one.
  private func ends(of block: Range<UInt64>, before next: UInt64?) -> [UInt64] {
    var ends = [block.upperBound]
    for entry in entries
    where entry.lowerBound == ends[ends.count - 1] && !entry.isEmpty
      && entry.upperBound <= next ?? .max && ends.count < FirmwareMap.mostEnds
    {
      ends.append(entry.upperBound)
    }
    return ends
  }

  /// The ISA range of a PC: of its memory a hypervisor may leave out the part of the display, or
  /// all of it.
  private static let isaRanges: [[Range<UInt64>]] = [
    [], [0xa_0000..<0xc_0000], [0xa_0000..<0x10_0000],
  ]

  /// How a file of `size` bytes can be this memory.
  func layouts(ofSize size: UInt64) -> [ImageLayout] {
    let blocks = blocks
    guard let first = blocks.first else { return [] }
    let next = blocks.dropFirst().first?.lowerBound
    let ends = ends(of: first, before: next)
    let base = isOfPC ? 0 : first.lowerBound
    let gaps = zip(blocks.dropFirst(), blocks.dropFirst(2)).map { $0.upperBound..<$1.lowerBound }
    let rest = blocks.dropFirst().reduce(UInt64(0)) { $0 &+ $1.length }
    var layouts: [ImageLayout] = []
    for isa in isOfPC && isWhole ? FirmwareMap.isaRanges : [[]] {
      guard let held = size.adding(isa.reduce(base) { $0 &+ $1.length }) else { continue }
      layouts.append(layout(base, isa))
      guard let next else { continue }
      let whole = held >= rest ? held - rest : 0
      let reach = max(ends.max() ?? 0, first.upperBound &+ FirmwareMap.listedGap)
      if whole >= first.upperBound, whole <= min(reach, next) {
        layouts.append(layout(base, isa + [whole..<next] + gaps))
      } else {
        for end in ends where end < next && end < held {
          layouts.append(layout(base, isa + [end..<next] + gaps))
        }
      }
    }
    return layouts + [memory.length == size ? rangesInARow : nil].compactMap(\.self)
      + ends.compactMap { end in
        tail(of: size, layout(base, (next.map { [end..<$0] } ?? []) + gaps), lowEnd: end, rest)
      }
  }

  /// A file of the memory alone, one range behind the other (LiME's format "raw").
  private var rangesInARow: ImageLayout? {
    guard let first = memory.ranges.first else { return nil }
    let holes = zip(memory.ranges, memory.ranges.dropFirst()).map {
      $0.upperBound..<$1.lowerBound
    }
    return holes.isEmpty ? nil : layout(first.lowerBound, holes)
  }

  /// A file of the last part of the memory: that of one NUMA node.
  ///
  /// - Parameters:
  ///   - whole: the layout of all memory, whose first piece ends at `lowEnd`.
  ///   - rest: what the pieces behind that one hold.
  private func tail(
    of size: UInt64, _ whole: ImageLayout, lowEnd: UInt64, _ rest: UInt64
  ) -> ImageLayout? {
    guard lowEnd > whole.base, let all = (lowEnd - whole.base).adding(rest), size < all,
      let start = whole.address(ofFileOffset: all - size), start % (1 << 20) == 0
    else { return nil }
    return layout(start, whole.holes.filter { $0.lowerBound >= start })
  }

  private func layout(_ base: UInt64, _ holes: [Range<UInt64>]) -> ImageLayout {
    let holes = holes.filter { !$0.isEmpty }
    return ImageLayout(base: base, holes: holes, from: origin)
  }
}
