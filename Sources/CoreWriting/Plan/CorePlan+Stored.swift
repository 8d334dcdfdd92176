internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import Handover
internal import MemoryImages

extension CorePlan {
  /// Plans the copy of a dump with the notes and loads that it has. Where they stand at their
  /// usual places already, the copy is equal to the file.
  init(
    converting stored: StoredCore, of system: CrashedSystem, _ options: PlanOptions
  ) throws(PlanError) {
    let pageSize = options.pageSize ?? system.vmCoreInfo?.pageSize ?? 4096
    self.pageSize = pageSize
    compatibility =
      options.compatibility
      ?? system.vmCoreInfo?.release.flatMap { Compatibility(release: $0) } ?? .since3_11
    file = stored.fileAsMemory
    missing = stored.missing
    var warnings = system.warnings
    let sections = system.sections + (try CorePlan.ownNotes(of: system, options, &warnings))
    self.warnings = warnings
    var list = ExtentList()
    if stored.isWellPlaced, sections.allSatisfy({ $0.built == nil }) {
      header = stored.header
      try list.append(.file(at: 0), length: stored.file.size)
    } else {
      var layout = try StoredLayout(stored, sections, pageSize: pageSize)
      header = try layout.place(in: &list)
    }
    extents = list.extents
    size = list.end
  }
}

/// Places the header, the notes and the loads of a dump where makedumpfile and crash look for
/// them: the table behind the file header, one PT_NOTE first in it, then the loads in their old
/// order, each at a page of the file and with `p_align` 0 (crash takes others for netdump).
private struct StoredLayout {
  private var header: CoreHeader
  private let loads: [ProgramHeader]
  private let sections: [NoteSection]
  private let pageSize: UInt64
  private let isInFile: Bool

  init(_ stored: StoredCore, _ sections: [NoteSection], pageSize: UInt64) throws(PlanError) {
    self.sections = sections
    self.pageSize = pageSize
    isInFile = stored.hasLoadsInFile
    loads = stored.header.segments(of: .load).map(\.segment)
    guard loads.count + 1 < UInt16.max else {
      throw PlanError(
        "the dump has \(loads.count) loads, expected at most \(UInt16.max - 2): the readers of "
          + "vmcores take no more: \(.isRebuilding) makes one with few loads of the same memory")
    }
    header = stored.header
    header.header = ELFHeader(
      coreFor: stored.header.header.machine, elfClass: stored.header.elfClass,
      order: stored.header.order)
    header.header.flags = stored.header.header.flags
  }

  mutating func place(in list: inout ExtentList) throws(PlanError) -> CoreHeader {
    let noteSize = sections.reduce(UInt64(0)) { $0 + $1.size }
    header.segments =
      [ProgramHeader(type: .note, offset: 0, fileSize: noteSize, memorySize: noteSize)] + loads
    let old = header.segments
    try list.append(.bytes([]), length: UInt64(header.size))
    try list.pad(to: pageSize)
    header.segments[0].offset = list.end
    for section in sections {
      try list.append(
        section.built.map { .bytes($0) } ?? .file(at: section.address), length: section.size)
    }
    for index in old.indices.dropFirst() {
      let load = old[index]
      try list.pad(
        to: pageSize, plus: load.fileSize > 0 ? load.physicalAddress % pageSize : 0)
      header.segments[index].offset = list.end
      if isInFile { header.segments[index].alignment = 0 }
      try list.append(
        isInFile ? .file(at: load.offset) : .memory(at: load.physicalAddress),
        length: load.fileSize)
    }
    try list.pad(to: pageSize)
    if header.elfClass == .bits32, list.end > UInt64(UInt32.max) {
      throw PlanError(
        "the dump is of class 32, and its copy would have \(list.end.hex) bytes, beyond what "
          + "32 bits can say")
    }
    list.fill(header.encoded)
    return header
  }
}
