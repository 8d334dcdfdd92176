internal import Bytes
internal import DumpRecords
internal import MemoryImages

/// The layouts under which a raw file may be read when nobody said how it lies in memory. Each
/// comes from something in the image; none is a guess, and each must still prove itself by notes
/// that lie where the header says.
struct LayoutCandidates {
  /// Distinct layouts, address = file offset first.
  private(set) var layouts: [ImageLayout] = [.identity]

  /// More than any real image suggests.
  private static let limit = 64

  /// Collects what the evidence of a scan (at address = file offset) suggests.
  init(_ evidence: Evidence, size: UInt64, option: ELFCoreHeaderParameter?) {
    for preset in MachinePreset.all where size >= preset.threshold {
      add(preset.layout(forSize: size))
    }
    for (_, tree) in evidence.deviceTrees {
      if let start = tree.memory.map(\.lowerBound).min() {
        add(base: start, from: "memory node of a device tree")
      }
    }
    let named =
      evidence.deviceTrees.compactMap { $0.tree.namedCoreHeader?.parameter.address }
      + (option.map { [$0.address] } ?? [])
    for address in named where layouts.count < LayoutCandidates.limit {
      for (offset, _) in evidence.headers where address > offset {
        add(base: address - offset, from: "place of the named header in the file")
      }
    }
    for (_, header) in evidence.headers where layouts.count < LayoutCandidates.limit {
      for (_, note) in header.segments(of: .note) where note.memorySize > 1024 {
        for place in evidence.scan.hits(of: .vmCoreInfoNote).addresses.prefix(64)
        where note.offset > place {
          add(base: note.offset - place, from: "place of the VMCOREINFO note in the file")
        }
      }
    }
  }

  private mutating func add(base: UInt64, from origin: String) {
    guard base != 0, base % 4096 == 0 else { return }
    var layout = ImageLayout.base(base)
    layout.name += " (\(origin))"
    add(layout)
  }

  private mutating func add(_ layout: ImageLayout) {
    let isKnown = layouts.contains { $0.base == layout.base && $0.holes == layout.holes }
    if !isKnown && layouts.count < LayoutCandidates.limit { layouts.append(layout) }
  }
}
