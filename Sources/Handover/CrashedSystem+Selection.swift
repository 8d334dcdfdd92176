internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// `--select` where the crashed kernel left a header: everything as it lies, or the second
/// kernel's own memory.
extension CrashedSystem {
  /// Adds a load for all memory of the image that the header leaves out; nothing is read from a
  /// backup.
  mutating func selectEverything() {
    let known = header.segments(of: .load).compactMap { $0.segment.physicalRange }
    let difference = directMapDifference
    for index in header.segments.indices where header.segments[index].type == .load {
      header.segments[index].offset = header.segments[index].physicalAddress
    }
    for range in imageMemory.ranges(without: known)
    where header.segments.count < Int(UInt16.max) - 1 {
      header.segments.append(
        CrashedSystem.load(range, virtual: difference.map { range.lowerBound &+ $0 } ?? 0))
    }
    unsoundLoads = LoadCheck(header).unsound
    backup = nil
    memory = imageMemory
  }

  /// Shows the memory between the crashed kernel's loads in which the second kernel runs, with
  /// its own vmcoreinfo.
  mutating func selectSecondKernel(_ options: SearchOptions) throws(SearchError) {
    guard let address = headerAddress, moment.phase == .after || moment.phase == .crashed else {
      throw .corrupt("--select=kdump: the second kernel has not started: \(moment.evidence)")
    }
    let gap = crashRegion(around: address)
    let isShown: Bool
    do throws(ReadError) {
      let note = try secondNote(in: gap, options)
      isShown = note != nil
      if let note { try show(note, loads: secondLoads(gap), gap) }
    } catch {
      throw .read(error)
    }
    guard isShown else {
      throw .corrupt(
        "--select=kdump: no vmcoreinfo of a running second kernel in its memory \(gap.hex)")
    }
  }

  /// The second kernel has the low memory too, once its former content is in the backup.
  private func secondLoads(_ gap: Range<UInt64>) -> [Range<UInt64>] {
    guard let backup, !backup.isStillAtSource else { return [gap] }
    return [backup.source, gap]
  }

  private mutating func show(
    _ note: Note, loads: [Range<UInt64>], _ gap: Range<UInt64>
  ) throws(ReadError) {
    let size = note.descriptionAddress - note.address + note.descriptionSize
    let segment = ProgramHeader(
      type: .note, offset: note.address, physicalAddress: note.address, fileSize: size,
      memorySize: size.roundedUp(to: 4) ?? size)
    sections = [try NoteSection(of: segment, at: 0, order: header.order, in: imageMemory)]
    let information = VMCoreInfo(
      try imageMemory.paddedBytes(
        at: note.descriptionAddress, count: Int(note.descriptionSize)
      ).bytes)
    let image = architecture.flatMap { KernelImage(of: $0, information, in: gap) }
    header.segments =
      [segment]
      + (image.map { [CrashedSystem.load($0.physical, virtual: $0.virtual)] } ?? [])
      + loads.map { CrashedSystem.load($0, virtual: 0) }
    unsoundLoads = [:]
    backup = nil
    memory = imageMemory
    processors = []
    vmCoreInfoNote = note
    vmCoreInfo = information
    warnings = [
      Finding(
        "the second kernel's memory is taken to be \(gap.hex), the gap between the loads around "
          + "the core header; it was running, so it has no CPU notes", isDamage: false)
    ]
  }

  /// The VMCOREINFO note of the kernel that runs in a range: kernels since 4.13 have it at the
  /// start of a page; copies of the crashed kernel's note have a CRASHTIME.
  private func secondNote(
    in range: Range<UInt64>, _ options: SearchOptions
  ) throws(ReadError) -> Note? {
    guard let memory = imageMemory.restricted(to: range) else { return nil }
    let scan = try MemoryScan(memory, workers: options.workers, isCancelled: options.isCancelled)
    let places = scan.vmCoreInfoNotes.addresses
    let ordered = places.filter { $0 % 4096 == 0 } + places.filter { $0 % 4096 != 0 }
    for address in ordered.prefix(256) where address != vmCoreInfoNote?.address {
      let limit = UInt64(VMCoreInfo.largestText)
      let segment = ProgramHeader(
        type: .note, offset: address, fileSize: limit, memorySize: limit)
      let section = try NoteSection(of: segment, at: 0, order: header.order, in: memory)
      guard let note = section.notes.first, note.type == .vmCoreInfo else { continue }
      let text = try memory.paddedBytes(
        at: note.descriptionAddress, count: Int(min(note.descriptionSize, limit))
      ).bytes
      if VMCoreInfo.isPlausible(text), VMCoreInfo(text).crashTime == nil { return note }
    }
    return nil
  }

  /// The addresses around the header that lie in no load. What is smaller than 64 KiB does not
  /// end the gap: ppc64 firmware has a load of its own inside the crash region.
  private func crashRegion(around address: UInt64) -> Range<UInt64> {
    var low: UInt64 = 0
    var high = max(imageMemory.end, address)
    for (index, load) in header.segments(of: .load) where unsoundLoads[index] == nil {
      guard let range = load.physicalRange, range.length > 65_536 else { continue }
      if range.upperBound <= address { low = max(low, range.upperBound) }
      if range.lowerBound > address { high = min(high, range.lowerBound) }
    }
    return low..<max(low, high)
  }

  /// What the direct map adds to a physical address: that of the largest load.
  private var directMapDifference: UInt64? {
    header.segments(of: .load).filter { unsoundLoads[$0.index] == nil }
      .max { $0.segment.memorySize < $1.segment.memorySize }
      .map { $0.segment.virtualAddress &- $0.segment.physicalAddress }
  }

  private static func load(_ range: Range<UInt64>, virtual: UInt64) -> ProgramHeader {
    ProgramHeader(
      type: .load, flags: 7, offset: range.lowerBound, virtualAddress: virtual,
      physicalAddress: range.lowerBound, fileSize: range.length, memorySize: range.length)
  }
}

extension PhysicalMemory {
  /// The addresses that the image holds outside some ranges.
  fileprivate func ranges(without known: [Range<UInt64>]) -> [Range<UInt64>] {
    let sorted = known.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
    var result: [Range<UInt64>] = []
    for region in regions {
      var start = region.range.lowerBound
      for range in sorted where range.overlaps(region.range) {
        if range.lowerBound > start { result.append(start..<range.lowerBound) }
        start = max(start, min(range.upperBound, region.range.upperBound))
      }
      if start < region.range.upperBound { result.append(start..<region.range.upperBound) }
    }
    return result
  }
}
