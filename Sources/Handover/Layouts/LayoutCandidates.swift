internal import Bytes
internal import DumpRecords
internal import MemoryImages

/// The layouts under which a raw file may be read when nobody said how it lies in memory. Each
/// comes from something in the image; none is a guess, and each must still prove itself.
struct LayoutCandidates {
  /// Distinct layouts, address = file offset first.
  private(set) var layouts: [ImageLayout] = [.identity]
  /// Further ones, for want of a better one: they follow from the size of the file and the loads of
  /// a header.
  private(set) var lastResorts: [ImageLayout] = []
  private let size: UInt64

  /// More than any real image suggests.
  private static let limit = 64
  /// Where PCs have room for devices, up to 4 GiB.
  private static let deviceEnd: UInt64 = 1 << 32
  /// Where the display of a PC is, up to 1 MiB.
  private static let displayStart: UInt64 = 0xa_0000

  /// Collects what the evidence of a scan (at address = file offset) suggests: who says where
  /// memory is, places that are told twice, then the sizes of known machines.
  init(_ evidence: Evidence, of image: MemoryImage, option: ELFCoreHeaderParameter?) {
    size = image.sizeToPlace
    let told = image.toldLayouts
    if let plain = told.first(where: { $0.places(size, as: .identity) }) { layouts = [plain] }
    for layout in told { add(layout) }
    for map in MemoryMap.all(of: evidence) {
      for layout in map.layouts(ofSize: size) { add(layout) }
    }
    for (_, tree) in evidence.deviceTrees {
      if let start = tree.memory.map(\.lowerBound).min() {
        add(base: start, from: "memory node of a device tree")
      }
    }
    addNamedHeaders(evidence, option)
    addNotes(evidence)
    for preset in MachinePreset.all where size >= preset.threshold {
      let holes = preset.layout(forSize: size).holes
      add(ImageLayout(base: 0, holes: holes, from: "as in QEMU's machine \(preset.name)"))
    }
    addLoads(evidence)
  }

  /// Headers whose loads are looked at.
  private static let mostHeaders = 8

  private mutating func addLoads(_ evidence: Evidence) {
    var seen: [RangeSet] = []
    for (_, header) in evidence.headers where seen.count < LayoutCandidates.mostHeaders {
      guard header.segments.first.map({ $0.physicalAddress == $0.offset }) == true else { continue }
      let loads = RangeSet(
        header.segments(of: .load).compactMap(\.segment.physicalRange)
          .filter { $0.upperBound <= PhysicalAddress.end })
      guard !seen.contains(loads) else { continue }
      seen.append(loads)
      for layout in MemoryMap(loads)?.layouts(ofSize: size) ?? []
      where !(layouts + lastResorts).contains(where: { $0.places(size, as: layout) }) {
        lastResorts.append(layout)
      }
    }
  }

  private mutating func addNamedHeaders(_ evidence: Evidence, _ option: ELFCoreHeaderParameter?) {
    let named =
      evidence.deviceTrees.compactMap { $0.tree.namedCoreHeader?.parameter.address }
      + (option.map { [$0.address] } ?? [])
    for address in named where layouts.count < LayoutCandidates.limit {
      for (offset, _) in evidence.headers where address > offset {
        add(place: offset, at: address, from: "place of the named header in the file")
      }
    }
  }

  private mutating func addNotes(_ evidence: Evidence) {
    for (_, header) in evidence.headers where layouts.count < LayoutCandidates.limit {
      for (_, note) in header.segments(of: .note) where note.memorySize > 1024 {
        for place in evidence.scan.hits(of: .vmCoreInfoNote).addresses.prefix(64)
        where note.offset > place {
          add(place: place, at: note.offset, from: "place of the VMCOREINFO note in the file")
        }
      }
    }
  }

  /// Something is at an address, and stands in the file at a lower offset: all of the file may lie
  /// higher, or something before that place is left out.
  private mutating func add(place: UInt64, at address: UInt64, from origin: String) {
    let shift = address - place
    let end = LayoutCandidates.deviceEnd
    if address >= end, shift < end {
      add(ImageLayout(base: 0, holes: [end - shift..<end], from: origin))
    }
    let display = LayoutCandidates.displayStart
    if shift <= 1 << 20 - display {
      add(ImageLayout(base: 0, holes: [display..<display + shift], from: origin))
    }
    add(base: shift, from: origin)
  }

  private mutating func add(base: UInt64, from origin: String) {
    guard base % 4096 == 0 else { return }
    add(ImageLayout(base: base, holes: [], from: origin))
  }

  private mutating func add(_ layout: ImageLayout) {
    let isKnown = layouts.contains { $0.places(size, as: layout) }
    if !isKnown && layouts.count < LayoutCandidates.limit { layouts.append(layout) }
  }
}
