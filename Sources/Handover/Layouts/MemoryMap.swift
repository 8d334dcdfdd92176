internal import Bytes
internal import DumpRecords
internal import MemoryImages

/// Where a machine has memory, as something in the image says.
struct MemoryMap: Sendable {
  /// Memory: ascending, neighbours joined.
  let memory: RangeSet
  /// Everything that is listed, memory or not.
  let listed: RangeSet
  /// Who says it.
  let origin: String
  /// Where listed stretches begin and end.
  private let entries: [Range<UInt64>]
  /// Whether it is a PC's, whose memory begins at 0 and has the ISA range in it.
  private let isOfPC: Bool
  /// Whether it says where memory ends: loads of a core header leave a crash region out, which may
  /// lie behind the last one.
  let isWhole: Bool

  /// `E820_TYPE_RAM`, `E820_TYPE_RESERVED_KERN`
  static let usableTypes: Set<UInt32> = [1, 128]

  /// An e820 table.
  init(_ table: MemoryMapTable, at place: UInt64) {
    entries = table.entries.map(\.range)
    memory = RangeSet(
      table.entries.filter { MemoryMap.usableTypes.contains($0.type) }.map(\.range))
    listed = RangeSet(entries)
    origin = "e820 table at file offset \(place.hex)"
    isOfPC = true
    isWhole = true
  }

  /// The memory nodes of a device tree.
  init(_ tree: DeviceTree, at place: UInt64) {
    entries = tree.memory
    memory = RangeSet(entries)
    listed = memory
    origin = "memory node of a device tree"
    isOfPC = false
    isWhole = true
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
    entries = spans
    memory = RangeSet(spans)
    listed = memory
    origin = "loads of the core header"
    isOfPC = true
    isWhole = false
  }

  /// Every map of a scan at address = file offset, most memory first.
  static func all(of evidence: Evidence) -> [MemoryMap] {
    let maps =
      evidence.memoryMaps.map { MemoryMap($0.map, at: $0.address) }
      + evidence.deviceTrees.filter { !$0.tree.memory.isEmpty }
      .map { MemoryMap($0.tree, at: $0.address) }
    return maps.filter { !$0.memory.ranges.isEmpty }
      .sorted { $0.memory.length > $1.memory.length }
  }

  /// What no map lists though there may be memory: the ISA range of a PC.
  var unlisted: RangeSet { RangeSet(isOfPC ? [0..<1 << 20] : []) }

  /// Whether something listed, or a PC's memory below the display, ends at an address.
  func ends(at address: UInt64) -> Bool {
    isOfPC && address <= 1 << 20 || entries.contains { $0.upperBound == address }
  }

  /// Whether it can be the map of a machine with memory at these places: a second kernel's own map
  /// leaves most of them out.
  func isOfMachine(with places: RangeSet) -> Bool {
    let outside = places.subtracting(memory).length
    return outside <= places.length / 2
  }
}

extension MemoryMap {
  /// Memory that whoever runs the machine provides in one piece.
  private struct Block {
    /// From the first to the last byte of memory.
    var range: Range<UInt64>
    /// Where the piece can end: with its memory, or behind what is listed next to it.
    var ends: [UInt64]
  }

  /// Memory with less between it is one piece: the ISA range, tables of the firmware.
  private static let smallGap: UInt64 = 1 << 20
  /// The same where all between is listed.
  private static let listedGap: UInt64 = 1 << 26
  /// Ends of a piece that are tried.
  private static let mostEnds = 4
  /// Pieces that are told apart.
  private static let mostBlocks = 64

  private var blocks: [Block] {
    var blocks: [Block] = []
    for range in memory.ranges {
      if let last = blocks.last, case let gap = last.range.upperBound..<range.lowerBound,
        gap.length < MemoryMap.smallGap
          || gap.length < MemoryMap.listedGap && listed.gaps(in: gap).ranges.isEmpty
      {
        blocks[blocks.count - 1] = block(last.range.lowerBound..<range.upperBound)
      } else if blocks.count < MemoryMap.mostBlocks {
        blocks.append(block(range))
      }
    }
    return blocks
  }

  private func block(_ range: Range<UInt64>) -> Block {
    var ends = [range.upperBound]
    for entry in entries
    where entry.lowerBound == ends[ends.count - 1] && ends.count < MemoryMap.mostEnds {
      ends.append(entry.upperBound)
    }
    return Block(range: range, ends: ends)
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
    let base = isOfPC ? 0 : first.range.lowerBound
    let gaps = zip(blocks.dropFirst(), blocks.dropFirst(2)).map {
      $0.range.upperBound..<$1.range.lowerBound
    }
    let rest = blocks.dropFirst().reduce(UInt64(0)) { $0 &+ $1.range.length }
    var layouts: [ImageLayout] = []
    for isa in isOfPC && isWhole ? MemoryMap.isaRanges : [[]] {
      guard let held = size.adding(isa.reduce(base) { $0 &+ $1.length }) else { continue }
      layouts.append(layout(base, isa))
      guard let next = blocks.dropFirst().first?.range.lowerBound else { continue }
      let whole = held >= rest ? held - rest : 0
      let reach = max(
        first.ends.max() ?? 0, first.range.upperBound &+ MemoryMap.listedGap)
      if whole >= first.range.upperBound, whole <= min(reach, next) {
        layouts.append(layout(base, isa + [whole..<next] + gaps))
      } else {
        for end in first.ends where end < next && end < held {
          layouts.append(layout(base, isa + [end..<next] + gaps))
        }
      }
    }
    return layouts + [memory.length == size ? rangesInARow : nil].compactMap(\.self)
      + tails(blocks, gaps, base, size)
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
  private func tails(
    _ blocks: [Block], _ gaps: [Range<UInt64>], _ base: UInt64, _ size: UInt64
  ) -> [ImageLayout] {
    guard let first = blocks.first else { return [] }
    let rest = blocks.dropFirst().reduce(UInt64(0)) { $0 &+ $1.range.length }
    return first.ends.compactMap { end in
      let holes = (blocks.dropFirst().first.map { [end..<$0.range.lowerBound] } ?? []) + gaps
      let whole = layout(base, holes.filter { !$0.isEmpty })
      guard end > base, let all = (end - base).adding(rest), size < all,
        let start = whole.address(ofFileOffset: all - size), start % (1 << 20) == 0
      else { return nil }
      return layout(start, whole.holes.filter { $0.lowerBound >= start })
    }
  }

  private func layout(_ base: UInt64, _ holes: [Range<UInt64>]) -> ImageLayout {
    let holes = holes.filter { !$0.isEmpty }
    return ImageLayout(base: base, holes: holes, from: origin)
  }
}
