package import Bytes
internal import CrashedKernel
package import DumpRecords
package import Handover
package import MemoryImages

/// The vmcore before its first byte is written: header, notes and output extents. Everything that
/// is said of the output and every writer follow this one value.
///
/// The layout is that of `fs/proc/vmcore.c` (`merge_note_headers_elf64`,
/// `process_ptload_program_headers_elf64`, and the same for ELF32).
package struct CorePlan: Sendable {
  package let pageSize: UInt64
  package let compatibility: Compatibility
  /// The new header: one merged PT_NOTE, then what follows it in the crashed kernel's table.
  package let header: CoreHeader
  /// Ascending, without a gap, from 0 to ``size``.
  package let extents: [OutputExtent]
  /// Size of the vmcore in bytes.
  package let size: UInt64
  /// Physical memory that the vmcore shows as zeros because the image lacks it: merged, ascending.
  package let missing: [Range<UInt64>]
  package let warnings: [Finding]
  /// The dump file that is converted, as if it were memory; nil where a vmcore is made.
  package let file: PhysicalMemory?

  /// Whether the image holds anything of the memory that the loads show.
  package var holdsMemory: Bool {
    let shown = header.segments(of: .load).compactMap { load -> Range<UInt64>? in
      let length = file == nil ? load.segment.memorySize : load.segment.fileSize
      return Range(start: load.segment.physicalAddress, length: length)
    }
    return shown.isEmpty || RangeSet(shown).subtracting(RangeSet(missing)).length > 0
  }

  /// Whether the vmcore lacks something that the header promised.
  package var isPartial: Bool { warnings.contains(where: \.isPartial) }

  /// Plans the vmcore of a crashed system, or the copy of one that is a dump already.
  package init(for system: CrashedSystem, _ options: PlanOptions) throws(PlanError) {
    if let stored = system.stored {
      try self.init(converting: stored, of: system, options)
    } else {
      try self.init(making: system, options)
    }
    try CorePlan.checkNotes(of: system)
    // The kernel's loff_t, and so every file, ends there; all writers count on it.
    guard size <= UInt64(Int64.max) else {
      throw PlanError(
        "the vmcore would have \(size) bytes, expected at most \(Int64.max), the most of any file")
    }
  }

  /// Many PT_NOTEs can name one list of notes, which is then there as often.
  private static func checkNotes(of system: CrashedSystem) throws(PlanError) {
    let size = system.sections.reduce(UInt64(0)) { $0.adding($1.size) ?? .max }
    guard let budget = system.imageMemory.budget, size > budget.left(.writing) else { return }
    throw PlanError(
      "its \(system.sections.count) PT_NOTEs name \(size) bytes of notes, and the image stores "
        + "\(budget.stored): no machine leaves that")
  }

  private init(making system: CrashedSystem, _ options: PlanOptions) throws(PlanError) {
    file = nil
    var warnings = system.warnings
    pageSize = CorePlan.pageSize(of: system, options, &warnings)
    compatibility = CorePlan.compatibility(of: system, options, &warnings)
    let table = try CorePlan.table(of: system, isExact: options.isExact, compatibility, &warnings)
    let own = try CorePlan.ownNotes(of: system, options, &warnings)
    var layout = try CoreLayout(
      header: system.header, behindNote: table, sections: system.sections + own,
      pageSize: pageSize,
      compatibility: compatibility)
    try layout.addLoads()
    header = layout.header
    extents = layout.list.extents
    size = layout.list.end
    missing = CorePlan.missing(in: extents, of: system)
    if !missing.isEmpty {
      warnings.append(CorePlan.warning(about: missing))
    }
    self.warnings = warnings
  }

  /// Notes that no kernel writes, behind those of the crashed one.
  static func ownNotes(
    of system: CrashedSystem, _ options: PlanOptions, _ warnings: inout [Finding]
  ) throws(PlanError) -> [NoteSection] {
    guard options.embedsReIPL else { return [] }
    guard let search = system.s390?.reIPL else {
      throw PlanError("\(.embedsReIPL): only s390x machines have a re-IPL block")
    }
    guard let (source, block) = search.winner, !source.isLastIPL else {
      warnings.append(
        Finding("\(.embedsReIPL): no re-IPL block was found, the vmcore has no note with one"))
      return []
    }
    // It is there already, among the notes of a dump.
    if source == .note, system.stored != nil { return [] }
    var notes = NoteBuilder(order: system.header.order)
    notes.add(.reIPLBlock, block.bytes)
    return [NoteSection(built: notes.bytes, at: system.sections.count, notes: [])]
  }

  private static func pageSize(
    of system: CrashedSystem, _ options: PlanOptions, _ warnings: inout [Finding]
  ) -> UInt64 {
    if let size = options.pageSize { return size }
    let told = system.linuxInformation?.pageSize ?? system.vmCoreInfo?.pageSize
    if let merged = system.mergedLayout, let size = merged.pageSize {
      if let told, told != size {
        warnings.append(
          Finding(
            "vmcoreinfo has PAGESIZE=\(told.description), and the second kernel's own header at "
              + "\(merged.address.hex) has pages of \(size.description) bytes: its vmcore is made; "
              + "\(.pageSize) overrides", isDamage: false))
      }
      return size
    }
    if let size = told ?? system.architecture?.onlyPageSize { return size }
    // The section of the vmcoreinfo note is one page, its name and two note heads: 36 bytes.
    let guess = system.sections.map { $0.limit &- 36 }.first(where: VMCoreInfo.isPageSize)
    warnings.append(
      Finding(
        "vmcoreinfo does not say the page size: \(guess ?? 4096) is assumed"
          + (guess == nil ? "" : " from the size of its section")
          + "; \(.pageSize) overrides"))
    return guess ?? 4096
  }

  private static func compatibility(
    of system: CrashedSystem, _ options: PlanOptions, _ warnings: inout [Finding]
  ) -> Compatibility {
    if let compatibility = options.compatibility { return compatibility }
    let release = system.linuxInformation?.release
    if let linux = system.domainZero, let release {
      warnings.append(
        Finding(
          "the core header has Xen's vmcoreinfo alone: the release \(release) is taken from dom0's "
            + "own note at \(linux.address.hex)", isDamage: false))
    }
    let usual = release.flatMap { Compatibility(release: $0) }
    if let merged = system.mergedLayout {
      let found = Compatibility(merged)
      if let release, let usual, usual != found {
        warnings.append(
          Finding(
            Message("the crashed kernel \(release) writes the layout \(usual.rawValue), and the ")
              + Message("second kernel's own header at \(merged.address.hex) has the layout ")
              + "\(found.rawValue): its vmcore is made; \(.compatibility) overrides",
            isDamage: false))
      }
      return found
    }
    if let usual { return usual }
    warnings.append(
      Finding(
        "vmcoreinfo does not say the kernel's release: the layout of Linux 3.11 to 6.4 is "
          + "assumed; \(.compatibility) overrides"))
    return .since3_11
  }

  /// Loads that are told of one by one.
  private static let mostWarnings = 16

  /// The program headers behind the merged PT_NOTE, each with its place in the old table.
  ///
  /// The kernel overwrites the first entry and deletes as many more as there are further notes,
  /// by position: it takes for granted that notes come first. A note that survives has its
  /// `p_memsz` cut to its real size since 3.11 (`update_note_header_size_elf64`).
  private static func table(
    of system: CrashedSystem, isExact: Bool, _ compatibility: Compatibility,
    _ warnings: inout [Finding]
  ) throws(PlanError) -> [(index: Int, segment: ProgramHeader)] {
    let count = system.sections.count
    guard count > 0 else {
      throw PlanError("the core header has no PT_NOTE, expected one for each CPU")
    }
    let segments = Array(system.header.segments.enumerated())
    if !isExact, let (index, segment) = segments.prefix(count).first(where: { $0.1.type != .note })
    {
      throw PlanError(
        "the core header's entry \(index) is of type \(segment.type.rawValue.description), expected "
          + "its \(count) PT_NOTEs to come first: the second kernel would lose entries "
          + "(\(.isExact) does what it does)")
    }
    let sizes = Dictionary(uniqueKeysWithValues: system.sections.map { ($0.index, $0.size) })
    var table: [(index: Int, segment: ProgramHeader)] = []
    var leftOut = 0
    for (index, old) in segments.dropFirst(count) {
      var segment = old
      if compatibility.isPadded, let size = sizes[index] { segment.memorySize = size }
      guard segment.type == .load, let reason = system.unsoundLoads[index] else {
        table.append((index, segment))
        continue
      }
      if isExact {
        throw PlanError(
          "PT_LOAD \(index) is no range of memory: \(reason); the second kernel fails when it is "
            + "read, so \(.isExact) cannot be done")
      }
      leftOut += 1
      if leftOut <= mostWarnings {
        warnings.append(Finding("PT_LOAD \(index) is left out: \(reason)", isPartial: true))
      }
    }
    if leftOut > mostWarnings {
      warnings.append(
        Finding("\(leftOut - mostWarnings) more loads are left out like that", isPartial: true))
    }
    return table
  }

  private static func missing(
    in extents: [OutputExtent], of system: CrashedSystem
  ) -> [Range<UInt64>] {
    RangeSet(extents.lazy.compactMap(\.memoryRange))
      .subtracting(RangeSet(system.oldMemory.regions.lazy.map(\.range))).ranges
  }

  static func warning(about missing: [Range<UInt64>]) -> Finding {
    let shown = missing.prefix(16).map(\.hex).joined(separator: ", ")
    let more = missing.count > 16 ? " and \(missing.count - 16) more" : ""
    let bytes = missing.reduce(UInt64(0)) { $0 &+ $1.length }
    return Finding(
      "the image lacks \(bytes.hex) bytes of memory, filled with zeros: \(shown)\(more)",
      isPartial: true)
  }
}
