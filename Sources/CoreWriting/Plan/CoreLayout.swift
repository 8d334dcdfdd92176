internal import Bytes
internal import DumpRecords
internal import Handover

/// Lays the parts of a vmcore one behind the other, in the arithmetic of the header's class.
struct CoreLayout {
  private(set) var header: CoreHeader
  /// The parts that are placed.
  private(set) var list = ExtentList()
  private let pageSize: UInt64
  private let isPadded: Bool
  /// Places in the crashed kernel's table, in the order of the new one (the note has none).
  private let origins: [Int?]

  /// Places header and notes; the loads still have their old offsets.
  init(
    header old: CoreHeader, behindNote table: [(index: Int, segment: ProgramHeader)],
    sections: [NoteSection], pageSize: UInt64, compatibility: Compatibility
  ) throws(PlanError) {
    self.pageSize = pageSize
    isPadded = compatibility.isPadded
    origins = [nil] + table.map(\.index)
    let noteSizes = sections.map { compatibility.isPadded ? $0.size : $0.uncheckedSize }
    let noteSize = noteSizes.reduce(0, +)
    header = old
    header.segments =
      [ProgramHeader(type: .note, offset: 0, fileSize: noteSize, memorySize: noteSize)]
      + table.map(\.segment)
    try list.append(.bytes([]), length: UInt64(header.size))
    try pad()
    header.segments[0].offset = list.end
    header.segments[0].alignment = compatibility.noteAlignment
    header.header.programHeaderCount = UInt16(truncatingIfNeeded: header.segments.count)
    for (section, size) in zip(sections, noteSizes) {
      try list.append(
        section.built.map { .bytes($0) } ?? .memory(at: section.address), length: size)
    }
    try pad()
  }

  private mutating func pad() throws(PlanError) {
    if isPadded { try list.pad(to: pageSize) }
  }

  /// Places the loads one behind the other and fills in the header.
  mutating func addLoads() throws(PlanError) {
    for index in header.segments.indices where header.segments[index].type == .load {
      let old = header.segments[index]
      let start = isPadded ? old.offset.roundedDown(to: pageSize) : old.offset
      guard let sourceEnd = old.offset.adding(old.memorySize),
        let stop = isPadded ? sourceEnd.roundedUp(to: pageSize) : sourceEnd,
        list.end.adding(stop - start) != nil
      else {
        throw PlanError(
          "PT_LOAD \(origins[index] ?? index) at \(old.offset.hex) with \(old.memorySize.hex) "
            + "bytes ends beyond 2⁶⁴")
      }
      let place = list.end + (old.offset - start)
      if header.elfClass == .bits32, place > UInt64(UInt32.max) {
        throw PlanError(
          "the core header is of class 32, and PT_LOAD \(origins[index] ?? index) would lie at "
            + "\(place.hex) of the vmcore, beyond what 32 bits can say: the second kernel would "
            + "write a wrong offset without a word")
      }
      header.segments[index].offset = place
      try list.append(.memory(at: start), length: stop - start)
    }
    list.fill(header.encoded)
  }
}
