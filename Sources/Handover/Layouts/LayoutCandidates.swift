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
  private let budget: Budget?

  /// More than any real image suggests.
  private static let limit = 64
  /// Further ones that are tried.
  private static let mostLastResorts = 32
  /// Where PCs have room for devices, up to 4 GiB.
  private static let deviceEnd: UInt64 = 1 << 32
  /// Where the display of a PC is, up to 1 MiB.
  private static let displayStart: UInt64 = 0xa_0000

  /// Collects what the evidence of a scan (at address = file offset) suggests: who says where
  /// memory is, places that are told twice, then the sizes of known machines.
  init(
    _ evidence: Evidence, of memory: PhysicalMemory, option: ELFCoreHeaderParameter?
  ) throws(ReadError) {
    size = memory.size
    budget = memory.budget
    for map in FirmwareMap.all(of: evidence) {
      try spend(UInt64(map.count))
      for layout in map.layouts(ofSize: size) { try add(layout) }
    }
    for (_, tree) in evidence.deviceTrees {
      if let start = tree.memory.map(\.lowerBound).min() {
        try add(base: start, from: "memory node of a device tree")
      }
    }
    try addNamedHeaders(evidence, option)
    try addNotes(evidence)
    for preset in MachinePreset.all where size >= preset.threshold {
      let holes = preset.layout(forSize: size).holes
      try add(ImageLayout(base: 0, holes: holes, from: "as in QEMU's machine \(preset.name)"))
    }
    try addLoads(evidence)
  }

  private func spend(_ amount: UInt64) throws(ReadError) {
    try budget?.spend(amount, .parsing, on: "the hints at how the file lies in memory")
  }

  /// Headers whose loads are looked at.
  private static let mostHeaders = 8

  private mutating func addLoads(_ evidence: Evidence) throws(ReadError) {
    var seen: [RangeSet] = []
    for (_, header) in evidence.headers where seen.count < LayoutCandidates.mostHeaders {
      try spend(UInt64(header.segments.count))
      guard header.segments.first.map({ $0.physicalAddress == $0.offset }) == true else { continue }
      let loads = RangeSet(
        header.segments(of: .load).compactMap(\.segment.physicalRange)
          .filter { $0.upperBound <= PhysicalAddress.end })
      guard !seen.contains(loads) else { continue }
      seen.append(loads)
      for layout in FirmwareMap(loads)?.layouts(ofSize: size) ?? []
      where lastResorts.count < LayoutCandidates.mostLastResorts
        && !(layouts + lastResorts).contains(where: { $0.places(size, as: layout) })
      {
        lastResorts.append(layout)
      }
    }
  }

  private mutating func addNamedHeaders(
    _ evidence: Evidence, _ option: ELFCoreHeaderParameter?
  ) throws(ReadError) {
    let named =
      evidence.deviceTrees.compactMap { $0.tree.namedCoreHeader?.parameter.address }
      + (option.map { [$0.address] } ?? [])
    for address in named {
      for (offset, _) in evidence.headers where address > offset {
        if isFull { return }
        try add(place: offset, at: address, from: "place of the named header in the file")
      }
    }
  }

  /// Notes whose place in the file is compared.
  private static let mostNotes = 64

  private mutating func addNotes(_ evidence: Evidence) throws(ReadError) {
    let places = evidence.scan.hits(of: .vmCoreInfoNote).addresses
      .prefix(LayoutCandidates.mostNotes)
    for (_, header) in evidence.headers where !isFull && !places.isEmpty {
      try spend(UInt64(header.segments.count))
      for (_, note) in header.segments(of: .note) where note.memorySize > 1024 {
        for place in places where note.offset > place {
          if isFull { return }
          try add(place: place, at: note.offset, from: "place of the VMCOREINFO note in the file")
        }
      }
    }
  }

  private var isFull: Bool { layouts.count >= LayoutCandidates.limit }

  /// Something is at an address, and stands in the file at a lower offset: all of the file may lie
  /// higher, or something before that place is left out.
  private mutating func add(
    place: UInt64, at address: UInt64, from origin: String
  ) throws(ReadError) {
    let shift = address - place
    guard shift % 4096 == 0 else { return }
    let end = LayoutCandidates.deviceEnd
    if address >= end, shift < end {
      try add(ImageLayout(base: 0, holes: [end - shift..<end], from: origin))
    }
    let display = LayoutCandidates.displayStart
    if shift <= 1 << 20 - display {
      try add(ImageLayout(base: 0, holes: [display..<display + shift], from: origin))
    }
    try add(base: shift, from: origin)
  }

  private mutating func add(base: UInt64, from origin: String) throws(ReadError) {
    guard base % 4096 == 0 else { return }
    try add(ImageLayout(base: base, holes: [], from: origin))
  }

  private mutating func add(_ layout: ImageLayout) throws(ReadError) {
    guard !isFull else { return }
    try spend(UInt64(layouts.count + layout.holes.count))
    if !layouts.contains(where: { $0.places(size, as: layout) }) { layouts.append(layout) }
  }
}
