internal import Bytes
package import DumpRecords
internal import MemoryImages

/// One candidate, looked at under one layout of the image: what it points at, and the first rule
/// that it breaks.
package struct CandidateExamination: Sendable {
  /// Physical address of the header under the layout.
  package let address: UInt64
  package let header: CoreHeader
  package let loads: LoadCheck
  /// The walked notes, in table order; empty where an earlier rule was broken.
  package private(set) var sections: [NoteSection] = []
  /// Where the text of the VMCOREINFO note lies, where there is exactly one.
  package private(set) var vmCoreInfo: Note?
  /// Every rule that it breaks, in the order of the rules.
  package private(set) var rejections: [Rejection] = []
  /// Whether the image holds every byte of its loads and notes.
  package private(set) var isComplete = true

  /// How much the rules make of a header and of each entry of its table, in records.
  private static let headerCost: UInt64 = 16
  private static let segmentCost: UInt64 = 8

  /// Looks at a header; reading stops at the first rule that decides without it.
  ///
  /// - Parameter held: what the image holds of the memory.
  init(
    _ header: CoreHeader, at address: UInt64, in memory: PhysicalMemory, holding held: RangeSet,
    everything: Bool = false
  ) throws(ReadError) {
    self.address = address
    self.header = header
    try memory.budget?.spend(
      CandidateExamination.headerCost
        + CandidateExamination.segmentCost * UInt64(header.segments.count), .parsing,
      on: "the look-alikes of a core header")
    loads = LoadCheck(header)
    checkNoteHeaders()
    checkLoads(in: memory, holding: held)
    checkPlaces()
    guard everything || !isExcluded else { return }
    try walkNotes(in: memory, holding: held)
    try checkVMCoreInfo(in: memory)
    recognizeFile()
  }

  /// Whether a rule that it breaks shows that it is none, and not only that it is unlikely.
  package var isExcluded: Bool { rejections.contains(where: \.isFinal) }

  /// The rule for which even one that was named is refused: the others are warnings then.
  package var refusal: Rejection? {
    rejections.first {
      ($0.isFinal && $0.rule != .soundLoads) || $0.rule == .readableNotes
    }
  }

  /// The loads that are ranges of memory.
  package var soundLoads: some Sequence<(index: Int, segment: ProgramHeader)> {
    header.segments(of: .load).lazy.filter { loads.unsound[$0.index] == nil }
  }

  /// The loads whose data lies elsewhere than the crashed kernel had it.
  package var movedLoads: [(index: Int, segment: ProgramHeader)] {
    soundLoads.filter { $0.segment.offset != $0.segment.physicalAddress }
  }

  /// The load whose data the purgatory moved into the crash region, where there is one.
  package var backupLoad: (index: Int, segment: ProgramHeader)? { movedLoads.first }

  /// Whether it lies where a load had its data before that was moved: the second kernel may have
  /// used the place since, and before that it was like any other memory.
  var isInMovedMemory: Bool {
    movedLoads.contains { $0.segment.physicalRange?.contains(address) ?? false }
  }

  /// The second kernel passes over a PT_NOTE without bytes, wherever it points: firmware-assisted
  /// dumps keep one for the CPUs (`fadump_create_elfcore_headers`). The notes of a process' core
  /// file have bytes in the file alone.
  private var notesWithBytes: some Sequence<(index: Int, segment: ProgramHeader)> {
    header.segments(of: .note).lazy.filter {
      $0.segment.memorySize != 0 || $0.segment.fileSize != 0
    }
  }

  /// Whether notes show that the memory is read at the right addresses: one of vmcoreinfo does, and
  /// so do registers. Where vmcoreinfo should be and is not, those of some CPUs may be read by
  /// chance, since their areas lie in a row.
  var hasNotes: Bool {
    let types: [NoteType] = [.vmCoreInfo, .vmCoreInfoXen]
    if sections.contains(where: { $0.notes.contains { types.contains($0.type) } }) { return true }
    func hasRegisters(_ section: NoteSection) -> Bool {
      section.notes.contains { $0.type == .processStatus }
    }
    guard sections.contains(where: hasRegisters) else { return false }
    return !sections.contains { $0.isAsLargeAsInformation }
      || sections.allSatisfy { $0.limit == 0 || $0.isAsLargeAsInformation || hasRegisters($0) }
  }

  /// Whether a Xen hypervisor wrote some of the notes.
  var isOfXen: Bool {
    sections.contains { $0.notes.contains { $0.type.name.uppercased().hasSuffix("XEN") } }
  }

  private mutating func checkNoteHeaders() {
    if !header.segments.contains(where: { $0.type == .note }) {
      rejections.append(
        Rejection(
          .physicalNotes, "has no PT_NOTE, expected one for each CPU", isFinal: true))
    }
    for (index, note) in notesWithBytes {
      let expected =
        note.physicalAddress == note.offset && note.offset != 0 && note.virtualAddress == 0
        && note.alignment == 0
      if expected { continue }
      let found =
        "PT_NOTE \(index) has p_offset \(note.offset.hex), p_paddr \(note.physicalAddress.hex)"
      let kind =
        note.physicalAddress == 0
        ? " (the header of a vmcore or a core file, such as the second kernel's own)" : ""
      rejections.append(
        Rejection(.physicalNotes, "\(found), expected the same physical address\(kind)"))
      return
    }
  }

  /// The header of a file says where in the file its notes are, and has no physical address for
  /// them. Where the notes of memory stand at that place all the same, it is none.
  private mutating func recognizeFile() {
    let notes = Array(notesWithBytes)
    guard vmCoreInfo == nil, !notes.isEmpty,
      notes.allSatisfy({ $0.segment.physicalAddress == 0 }),
      let index = rejections.firstIndex(where: { $0.rule == .physicalNotes })
    else { return }
    rejections[index].isFinal = true
  }

  private mutating func checkLoads(in memory: PhysicalMemory, holding held: RangeSet) {
    var relocated = 0
    var present = 0
    var count = 0
    for (_, load) in soundLoads {
      count += 1
      guard let range = load.sourceRange else { continue }
      if load.offset != load.physicalAddress { relocated += 1 }
      if range.isEmpty || memory.firstStretch(of: range).isPartOrPresent(of: range) { present += 1 }
      if !held.covers(range) { isComplete = false }
    }
    if present == 0 {
      rejections.append(
        Rejection(.soundLoads, "none of its \(count) loads lies in the image", isFinal: true))
    } else if relocated > 1 {
      rejections.append(
        Rejection(
          .soundLoads,
          "\(relocated) loads have a p_offset that is not their p_paddr, expected at most one"))
    }
  }

  private mutating func checkPlaces() {
    for (index, load) in soundLoads {
      guard let range = load.sourceRange, range.contains(address) else { continue }
      rejections.append(
        Rejection(.outsideLoads, "lies in its own PT_LOAD \(index) \(range.hex)"))
      break
    }
    // What an unsound load was meant to hold, nobody knows.
    guard loads.unsound.isEmpty else { return }
    let covered = RangeSet(
      soundLoads.flatMap { [$0.segment.sourceRange, $0.segment.physicalRange] }
        .compactMap(\.self))
    for (index, note) in notesWithBytes where !covered.contains(note.offset) {
      rejections.append(
        Rejection(
          .notesInLoads,
          "PT_NOTE \(index) points at \(note.offset.hex), which lies in none of its loads"))
      return
    }
  }

  private mutating func walkNotes(
    in memory: PhysicalMemory, holding held: RangeSet
  ) throws(ReadError) {
    for (index, note) in header.segments(of: .note) {
      try memory.budget?.spend(
        UInt64(MemoryLayout<NoteSection>.stride), .keeping, on: "the PT_NOTEs")
      let section = try NoteSection(of: note, at: index, order: header.order, in: memory)
      sections.append(section)
      if section.end == .tooLarge {
        rejections.append(
          Rejection(
            .readableNotes,
            "PT_NOTE \(index) claims \(note.memorySize.hex) bytes, expected at "
              + "most \(NoteSection.largest.hex)"))
      }
      if let range = note.sourceRange, !held.covers(range) { isComplete = false }
    }
  }

  private mutating func checkVMCoreInfo(in memory: PhysicalMemory) throws(ReadError) {
    let all = sections.flatMap(\.notes)
    let linux = all.filter { $0.type == .vmCoreInfo }
    let notes = linux.isEmpty ? all.filter { $0.type == .vmCoreInfoXen } : linux
    guard notes.count == 1, let note = notes.first else {
      rejections.append(
        Rejection(.oneVMCoreInfo, "\(notes.count) VMCOREINFO notes, expected one"))
      return
    }
    let start = try memory.paddedBytes(at: note.descriptionAddress, count: 10).bytes
    guard note.type == .vmCoreInfoXen || VMCoreInfo.isPlausible(start) else {
      rejections.append(
        Rejection(
          .oneVMCoreInfo,
          "the VMCOREINFO note at \(note.address.hex) does not begin with "
            + "OSRELEASE="))
      return
    }
    vmCoreInfo = note
  }
}
