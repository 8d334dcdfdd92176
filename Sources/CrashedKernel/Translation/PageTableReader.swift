internal import Bytes
internal import MemoryImages

/// Reads entries of page tables; of each level it keeps the last piece that it read, because the
/// next address most often lies beside the one before.
struct PageTableReader: Sendable {
  /// Where the tables are.
  private let memory: PhysicalMemory
  /// Size of an entry in bytes.
  private let entrySize: Int
  /// Byte order of the entries.
  private let order: ByteOrder
  /// What was read last, by level.
  private var pieces: [Int: Piece] = [:]

  /// Bytes that are read at once: tables are of this size, or a part or a multiple of it.
  private static let pieceSize = 4096

  /// A part of a table.
  private struct Piece: Sendable {
    /// Physical address of the first byte.
    let start: UInt64
    /// All of it.
    let bytes: ByteReader
  }

  /// A reader of the tables of one form; `order` is the kernel's.
  init(_ memory: PhysicalMemory, _ form: PageTableForm, order: ByteOrder) {
    self.memory = memory
    entrySize = form.entrySize
    self.order = form.order ?? order
  }

  /// The entry at a physical address, or nil where the image lacks it.
  mutating func entry(at place: UInt64, level: Int) throws(ReadError) -> UInt64? {
    let start = place.roundedDown(to: UInt64(PageTableReader.pieceSize))
    if let piece = pieces[level], piece.start == start {
      return entry(in: piece.bytes, at: Int(place - start))
    }
    let (bytes, present) = try memory.paddedBytes(at: start, count: PageTableReader.pieceSize)
    guard present == bytes.count else {
      return try memory.bytes(at: place, count: entrySize).flatMap {
        entry(in: ByteReader($0, order: order), at: 0)
      }
    }
    let piece = Piece(start: start, bytes: ByteReader(bytes, order: order))
    pieces[level] = piece
    return entry(in: piece.bytes, at: Int(place - start))
  }

  /// The entry at an offset of bytes that were read.
  private func entry(in bytes: ByteReader, at offset: Int) -> UInt64? {
    entrySize == 8
      ? try? bytes.peek(at: offset, UInt64.self)
      : (try? bytes.peek(at: offset, UInt32.self)).map { UInt64($0) }
  }
}
