package import Bytes
package import DumpRecords
package import MemoryImages

/// The notes that one PT_NOTE of a core header points at, walked as the second kernel walks them
/// (`get_note_number_and_size`, `fs/proc/vmcore.c`).
package struct NoteSection: Equatable, Sendable {
  /// Place of the PT_NOTE in the program header table.
  package var index: Int
  /// Physical address of the first note: `p_offset`.
  package var address: UInt64
  /// Upper bound of the size in bytes: `p_memsz`. `p_filesz` is never looked at.
  package var limit: UInt64
  /// Bytes that the walk accepted: what goes into the merged note.
  package var size: UInt64
  /// The notes, as far as they were kept (``keptNotes``).
  package var notes: [Note]
  /// Number of notes that the walk accepted, kept or not.
  package var count: Int
  /// How the walk ended.
  package var end: End
  /// The bytes, where the section was built instead of found: the crashed kernel left none.
  package private(set) var built: [UInt8]?

  /// How a walk ends.
  package enum End: Equatable, Sendable {
    /// At an empty note, as it should.
    case terminator
    /// At the end of the section, with no room for another note.
    case full
    /// At a note that does not fit into the section: the second kernel drops it, and so do we.
    case cutShort(at: UInt64, claims: UInt64)
    /// The section is larger, or holds more notes, than anything that is walked.
    case tooLarge
  }

  /// Longest section that is walked, 16 MiB: the largest real one is two pages.
  package static let largest: UInt64 = 16 << 20
  /// Most notes of a section that are walked: real ones hold a dozen.
  package static let mostNotes = 65_536
  /// Memory of a note that is remembered.
  private static let noteCost: UInt64 = 128
  /// Notes of one section that are remembered one by one.
  package static let keptNotes = 64

  /// Whether the section holds no note: the CPU never came up, or nothing crashed.
  package var isEmpty: Bool { size == 0 }

  /// Whether it is as large as one of vmcoreinfo: a page, its name and two note heads.
  var isAsLargeAsInformation: Bool { VMCoreInfo.isPageSize(limit &- 36) }

  /// Whether an image holds all of it: where it does not, nothing is known of what it lacks.
  func isHeld(by memory: PhysicalMemory) -> Bool {
    Range(start: address, length: limit).map(memory.holds) ?? false
  }

  /// Bytes that a kernel before 3.11 accepted: it did not compare a note with what is left of
  /// the section, so a note that runs over was kept whole.
  package var uncheckedSize: UInt64 {
    if case .cutShort(_, let claims) = end { size &+ claims } else { size }
  }

  /// A section that lies nowhere in memory; the addresses of its notes are offsets.
  package init(built bytes: [UInt8], at index: Int, notes: [Note]) {
    self.index = index
    address = 0
    limit = UInt64(bytes.count)
    size = UInt64(bytes.count)
    self.notes = notes
    count = notes.count
    end = .full
    built = bytes
  }

  /// Walks the section of one PT_NOTE; memory that the image lacks reads as zero.
  ///
  /// - Parameters:
  ///   - largest: longest section that is walked.
  ///   - keptNotes: notes that are remembered one by one.
  package init(
    of segment: ProgramHeader, at index: Int, order: ByteOrder, in memory: PhysicalMemory,
    largest: UInt64 = NoteSection.largest, keptNotes: Int = NoteSection.keptNotes
  ) throws(ReadError) {
    self.index = index
    address = segment.offset
    limit = segment.memorySize
    size = 0
    notes = []
    count = 0
    end = .full
    try memory.budget?.spend(1, .parsing, on: "the PT_NOTEs")
    guard limit <= largest, address.adding(limit) != nil else {
      end = .tooLarge
      return
    }
    var window = MemoryWindow(memory)
    while limit - size >= UInt64(NoteHeader.size) {
      let place = address + size
      var reader = ByteReader(try window.bytes(at: place, count: NoteHeader.size), order: order)
      guard let header = try? NoteHeader(from: &reader), header.nameSize != 0 else {
        end = .terminator
        return
      }
      guard header.totalSize <= limit - size else {
        end = .cutShort(at: place, claims: header.totalSize)
        return
      }
      try memory.budget?.spend(1, .parsing, on: "the notes")
      if notes.count < keptNotes {
        try memory.budget?.spend(NoteSection.noteCost, .keeping, on: "the notes")
        notes.append(
          Note(
            type: NoteType(
              name: try NoteSection.name(of: header, at: place, &window), type: header.type),
            address: place, descriptionAddress: place + header.descriptionOffset,
            descriptionSize: UInt64(header.descriptionSize)))
      }
      size += header.totalSize
      count += 1
      if count > NoteSection.mostNotes {
        end = .tooLarge
        return
      }
    }
  }

  private static func name(
    of header: NoteHeader, at place: UInt64, _ window: inout MemoryWindow
  ) throws(ReadError) -> String {
    guard header.nameSize <= 16 else { return "" }
    let bytes = try window.bytes(
      at: place + UInt64(NoteHeader.size), count: Int(header.nameSize))
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// Small reads that lie close together, served from one buffer.
private struct MemoryWindow {
  private static let size = 4096
  private let memory: PhysicalMemory
  private var start: UInt64 = 0
  private var buffer: [UInt8] = []

  init(_ memory: PhysicalMemory) {
    self.memory = memory
  }

  mutating func bytes(at address: UInt64, count: Int) throws(ReadError) -> [UInt8] {
    if address < start || address - start > UInt64(buffer.count)
      || buffer.count - Int(address - start) < count
    {
      start = address
      buffer = try memory.paddedBytes(at: address, count: max(count, MemoryWindow.size)).bytes
    }
    let offset = Int(address - start)
    return Array(buffer[offset..<offset + count])
  }
}
