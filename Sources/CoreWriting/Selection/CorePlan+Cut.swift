internal import Bytes
internal import CrashedKernel
internal import DumpRecords

extension CorePlan {
  /// The plan of an ELF file without what is left out: loads are cut where many frames in a row are
  /// left out, and their data follows the notes without padding, as `makedumpfile -E` has it
  /// (`write_elf_pages_cyclic`).
  ///
  /// - Parameter isPacked: whether they do so where no load is cut, too; else the plan stays as it is
  ///   then.
  package func cut(
    _ selection: PageSelection, _ frames: SelectedFrames, workers: Int, isPacked: Bool,
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(SelectionError) -> (plan: CorePlan, zeroPages: UInt64) {
    let kept = KeptFrames(
      selection, frames, workers: workers, isCancelled: isCancelled)
    var pieces: [CutPiece] = []
    var zeros: UInt64 = 0
    let loads = header.segments(of: .load).map(\.segment)
    let cutters = loads.map { load -> LoadCutter? in
      guard let range = load.physicalRange, !range.isEmpty, range.upperBound <= PhysicalAddress.end
      else { return nil }
      return LoadCutter(load, pageSize: pageSize, wordSize: frames.wordSize)
    }
    let owned = CorePlan.owned(cutters.map { $0?.frames ?? 0..<0 })
    for (number, load) in loads.enumerated() {
      guard var cutter = cutters[number] else {
        pieces.append(
          CutPiece(load: load, start: 0, fileSize: load.fileSize, memorySize: load.memorySize))
        continue
      }
      try kept.run(cutter.frames, owned: owned[number]) { block throws(SelectionError) in
        zeros += block.zeros
        cutter.add(block)
      }
      pieces += cutter.finish()
    }
    let isCut =
      pieces.count != loads.count || pieces.contains { $0.fileSize < $0.load.fileSize }
    guard isCut || isPacked && !hasDataBehindNotes else { return (self, zeros) }
    do throws(PlanError) {
      return (try CorePlan(self, pieces), zeros)
    } catch {
      throw .refused(error.message)
    }
  }

  /// Whether no padding stands between the notes and the data of the loads, as in a file that was made
  /// so before.
  private var hasDataBehindNotes: Bool {
    let note = header.segments[0]
    let data = header.segments(of: .load).map(\.segment).filter { $0.fileSize > 0 }
    return data.map(\.offset).min() == note.offset &+ note.fileSize
  }

  /// The frames that each load is the first to hold: those of overlapping loads count once. Nil where
  /// that is all of them.
  private static func owned(_ loads: [Range<UInt64>]) -> [RangeSet?] {
    var owned = [[Range<UInt64>]](repeating: [], count: loads.count)
    for (range, owner) in RangeOwners(loads).parts { owned[owner].append(range) }
    return zip(loads, owned).map { load, parts in
      let set = RangeSet(parts)
      return set.covers(load) ? nil : set
    }
  }

  /// The file of pieces of loads.
  private init(_ plan: CorePlan, _ pieces: [CutPiece]) throws(PlanError) {
    pageSize = plan.pageSize
    compatibility = plan.compatibility
    missing = plan.missing
    warnings = plan.warnings
    file = plan.file
    var note = plan.header.segments[0]
    let noteStart = note.offset
    var table = CutTable(plan.header, loadCount: pieces.count)
    note.offset = table.size
    var list = ExtentList()
    try list.append(.bytes([]), length: table.size)
    try list.append(plan.slice(noteStart, note.fileSize))
    table.segments = [note]
    for piece in pieces {
      var load = piece.load
      load.offset = piece.fileSize > 0 || piece.isLast ? list.end : 0
      load.physicalAddress &+= piece.start
      load.virtualAddress = piece.virtualAddress
      load.fileSize = piece.fileSize
      load.memorySize = piece.memorySize
      table.segments.append(load)
      try list.append(plan.slice(piece.load.offset &+ piece.start, piece.fileSize))
    }
    guard table.fits(list.end) else {
      throw PlanError(
        "the header is of class 32: \(pieces.count) loads and \(list.end.hex) bytes are beyond what "
          + "it can say")
    }
    list.fill(table.encoded)
    header = table.header
    extents = list.extents
    size = list.end
  }

  /// The parts of the output from an offset on; zeros behind its end.
  private func slice(_ start: UInt64, _ length: UInt64) -> [(OutputExtent.Content, UInt64)] {
    var parts: [(OutputExtent.Content, UInt64)] = []
    var done: UInt64 = 0
    var index = extents.partitioningIndex { $0.range.upperBound > start }
    while done < length {
      guard index < extents.count else {
        parts.append((.zeros, length - done))
        break
      }
      let extent = extents[index]
      let inside = start + done - extent.range.lowerBound
      let count = min(length - done, extent.range.length - inside)
      parts.append((extent.content.part(inside, count), count))
      done += count
      index += 1
    }
    return parts
  }
}

extension ExtentList {
  /// Adds several parts.
  fileprivate mutating func append(
    _ parts: [(OutputExtent.Content, UInt64)]
  ) throws(PlanError) {
    for (content, length) in parts { try append(content, length: length) }
  }
}

extension OutputExtent.Content {
  /// What stands `offset` bytes behind the start.
  fileprivate func part(_ offset: UInt64, _ count: UInt64) -> OutputExtent.Content {
    switch self {
    case .bytes(let bytes): .bytes(Array(bytes[Int(offset)..<Int(offset + count)]))
    case .memory(let address): .memory(at: address &+ offset)
    case .file(let place): .file(at: place &+ offset)
    case .zeros: .zeros
    }
  }
}

/// The header and its table, with the number of loads in a section header where the file header has
/// no room for it.
private struct CutTable {
  private let old: CoreHeader
  private let count: Int
  var segments: [ProgramHeader] = []

  init(_ header: CoreHeader, loadCount: Int) {
    old = header
    count = loadCount + 1
  }

  private var isLong: Bool { count >= Int(ELFHeader.countInSection) }
  private var tableSize: Int {
    old.elfClass.headerSize + count * old.elfClass.programHeaderSize
  }

  /// Bytes of it.
  var size: UInt64 { UInt64(tableSize + (isLong ? SectionHeader.size64 : 0)) }

  var header: CoreHeader {
    var header = old
    header.segments = segments
    header.header.programHeaderCount = UInt16(clamping: count)
    if isLong {
      header.header.sectionHeaderOffset = UInt64(tableSize)
      header.header.sectionHeaderEntrySize = UInt16(SectionHeader.size64)
      header.header.sectionHeaderCount = 1
    }
    return header
  }

  /// Whether the class can say it all.
  func fits(_ end: UInt64) -> Bool {
    old.elfClass == .bits64 || (!isLong && end <= UInt64(UInt32.max))
  }

  var encoded: [UInt8] {
    guard isLong else { return header.encoded }
    var writer = ByteWriter(order: old.order, capacity: Int(size))
    header.header.write(to: &writer, elfClass: old.elfClass)
    for segment in segments { segment.write(to: &writer, elfClass: old.elfClass) }
    SectionHeader.writeFirst(count: UInt32(count), to: &writer)
    return writer.bytes
  }
}
