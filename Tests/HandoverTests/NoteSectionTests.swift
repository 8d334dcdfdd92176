import Bytes
import CrashedKernel
import DumpRecords
import Handover
import MemoryImages
import TestSupport
import Testing

@Suite("The note walk of the second kernel")
struct NoteSectionTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  /// Walks notes that lie at 0x1000 in a section of `limit` bytes.
  private func walk(
    _ bytes: [UInt8], limit: UInt64, order: ByteOrder = .little, at address: UInt64 = 0x1000
  ) throws -> NoteSection {
    let source = try FileSource(path: directory.file(bytes + [0]))
    let memory = try PhysicalMemory(regions: [
      MemoryRegion(
        range: 0x1000..<0x1000 + UInt64(bytes.count) + 1, source: source, offset: 0)
    ])
    let segment = ProgramHeader(
      type: .note, offset: address, physicalAddress: address, fileSize: 0, memorySize: limit)
    return try NoteSection(of: segment, at: 7, order: order, in: memory)
  }

  private static func note(_ name: String, _ size: Int, _ order: RecipeOrder = .little) -> [UInt8] {
    RecipeNote(name: name, type: 1, content: Array(repeating: 0x33, count: size)).encoded(order)
  }

  @Test(
    "It ends at an empty note, whose other words are not looked at", arguments: ByteOrder.allCases)
  func terminator(_ order: ByteOrder) throws {
    let two =
      Self.note("CORE", 5, order == .little ? .little : .big)
      + Self.note("LINUX", 9, order == .little ? .little : .big)
    let section = try walk(
      two + [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4] + two, limit: 0x100, order: order)
    #expect(section.end == .terminator)
    #expect(section.size == UInt64(two.count))
    #expect(section.index == 7)
    #expect(section.notes.map(\.type.name) == ["CORE", "LINUX"])
    #expect(section.notes.map(\.address) == [0x1000, 0x101c])
    #expect(section.notes.map(\.descriptionAddress) == [0x1014, 0x1030])
    #expect(section.notes.map(\.descriptionSize) == [5, 9])
  }

  @Test("A section that its notes fill to the last byte is whole")
  func full() throws {
    let note = Self.note("CORE", 356)
    for rest: UInt64 in [0, 1, 11] {
      let section = try walk(
        note + Array(repeating: 0xff, count: 12), limit: UInt64(note.count) + rest)
      #expect(section.end == .full)
      #expect(section.size == UInt64(note.count))
    }
  }

  @Test("A note that reaches over the end is dropped, and what stood before it is kept")
  func cutShort() throws {
    let note = Self.note("CORE", 100)
    let section = try walk(note + note, limit: UInt64(2 * note.count) - 1)
    #expect(section.end == .cutShort(at: 0x1000 + UInt64(note.count), claims: UInt64(note.count)))
    #expect(section.size == UInt64(note.count))
    #expect(section.uncheckedSize == UInt64(2 * note.count))
    let huge = try walk(Array(repeating: 0xff, count: 12), limit: 0x1000)
    #expect(huge.end == .cutShort(at: 0x1000, claims: 12 + 2 * 0x1_0000_0000))
    #expect(huge.isEmpty)
  }

  @Test("A section of any size below its notes is never larger than itself")
  func everyLimit() throws {
    let notes = Self.note("CORE", 20) + Self.note("LINUX", 3)
    let ends = [UInt64(0), 40, UInt64(notes.count)]
    for limit in 0...UInt64(notes.count) + 12 {
      let section = try walk(notes, limit: limit)
      #expect(section.size == ends.last { $0 <= limit }, "limit \(limit)")
    }
  }

  @Test("A section that is larger than anything real is not walked")
  func tooLarge() throws {
    let note = Self.note("CORE", 5)
    #expect(try walk(note, limit: NoteSection.largest).size == UInt64(note.count))
    let section = try walk(note, limit: NoteSection.largest + 1)
    #expect(section.end == .tooLarge)
    #expect(section.isEmpty)
    #expect(try walk(note, limit: 0x1000, at: .max - 0xff).end == .tooLarge)
  }

  @Test("Outside of the image a section reads as zeros, so it is empty")
  func outside() throws {
    let section = try walk(Self.note("CORE", 5), limit: 0x1000, at: 0x9_0000)
    #expect(section.end == .terminator)
    #expect(section.isEmpty)
    let inside = try walk(Self.note("CORE", 4000), limit: 0x2000)
    #expect(inside.size == 4020)
  }

  @Test("A name of up to 16 bytes is kept, a longer one is no known name")
  func names() throws {
    for (name, kept) in [("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO"), ("ABCDEFGHIJKLMNOP", "")] {
      let note = Self.note(name, 4)
      let section = try walk(note, limit: 0x100)
      #expect(section.notes.first?.type.name == kept)
      #expect(section.size == UInt64(note.count), "the note itself is copied all the same")
    }
  }

  @Test("Only so many notes are remembered, but all are copied")
  func manyNotes() throws {
    let notes = (0..<200).flatMap { _ in Self.note("X", 0) }
    let section = try walk(notes, limit: UInt64(notes.count))
    #expect(section.notes.count == NoteSection.keptNotes)
    #expect(section.size == UInt64(notes.count))
  }
}
