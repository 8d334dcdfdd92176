package import Bytes
internal import DumpRecords

/// A flattened file as the file that `makedumpfile -R` would make of it: records in any order,
/// the later ones win, gaps are holes. It lies under the readers of the formats.
package struct FlattenedSource: ByteSource {
  /// That of the flattened file.
  package let name: String
  /// The size of the file that it stands for.
  package let size: UInt64
  /// What is wrong with the file, though it can be read.
  package let warnings: [Finding]
  private let file: any ByteSource
  private let map: PieceMap

  /// That of the flattened file.
  package var readCost: UInt64 { file.readCost }

  /// Records that are kept in mind at most: 192 MiB of memory while they are sorted.
  package static let mostRecords = 1 << 22

  /// Walks all records of a file.
  package init(_ file: any ByteSource, _ budget: Budget? = nil) throws(ImageError) {
    self.file = file
    name = file.name
    var cursor = try FileCursor(file, budget)
    warnings = try FlattenedWalk.run(&cursor)
    map = PieceMap(laterWins: cursor.pieces)
    size = map.end
  }

  /// Reads what the last record of each byte says; zeros where there is none.
  package func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let count = Int(min(UInt64(buffer.count), size - offset))
    var done = 0
    while done < count {
      let place = offset + UInt64(done)
      guard let piece = map.piece(endingAfter: place) else { return done }
      let isGap = piece.range.lowerBound > place
      let end = isGap ? piece.range.lowerBound : piece.range.upperBound
      let length = Int(min(UInt64(count - done), end - place))
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + length])
      if isGap {
        unsafe part.initializeMemory(as: UInt8.self, repeating: 0)
        done += length
        continue
      }
      let position = piece.position + (place - piece.range.lowerBound)
      let read = try unsafe file.read(at: position, into: part)
      done += read
      if read < length { return done }
    }
    return done
  }

  /// A hole is what no record holds, and a hole of the flattened file inside a record.
  package func extent(at offset: UInt64) -> SourceExtent {
    guard let piece = map.piece(endingAfter: offset) else {
      return SourceExtent(isHole: false, end: max(offset, size))
    }
    guard piece.range.contains(offset) else {
      return SourceExtent(isHole: true, end: piece.range.lowerBound)
    }
    let position = piece.position + (offset - piece.range.lowerBound)
    let inner = file.extent(at: position)
    let length = min(piece.range.upperBound - offset, max(inner.end, position) - position)
    return length == 0
      ? SourceExtent(isHole: false, end: piece.range.upperBound)
      : SourceExtent(isHole: inner.isHole, end: offset + length)
  }

  /// Whether something of the flattened file cannot be read.
  package var hasUnreadable: Bool { file.hasUnreadable }

  /// What stands in pages of the flattened file that cannot be read.
  package func firstUnreadable(in range: Range<UInt64>) -> Range<UInt64>? {
    var place = range.lowerBound
    while let piece = map.piece(endingAfter: place), piece.range.lowerBound < range.upperBound {
      let part = piece.range.clamped(to: place..<range.upperBound)
      let position = piece.position + (part.lowerBound - piece.range.lowerBound)
      if let lost = file.firstUnreadable(in: position..<position + part.length) {
        let start = part.lowerBound + (lost.lowerBound - position)
        return start..<start + lost.length
      }
      place = max(piece.range.upperBound, place + 1)
    }
    return nil
  }

  /// Whether one record holds it, and that cannot be read.
  package func isLost(_ range: Range<UInt64>) -> Bool {
    hasUnreadable && firstUnreadable(in: range) == range
  }

  /// Where the bytes stand in the flattened file.
  package func filePosition(at offset: UInt64) -> FilePosition? {
    guard let piece = map.piece(endingAfter: offset), piece.range.contains(offset) else {
      return nil
    }
    return file.filePosition(at: piece.position + (offset - piece.range.lowerBound))
  }
}

/// Steps over the bytes of records, and notes where they stand.
private struct FileCursor: FlattenedCursor {
  let name: String
  private(set) var position = UInt64(FlattenedHeader.size)
  private(set) var pieces: [PieceMap.Piece] = []
  private let file: any ByteSource
  private let budget: Budget?

  /// Records that are paid for at once.
  private static let recordsAtOnce = 1024
  /// Memory of a record: two pieces while they are sorted.
  private static let recordCost = 2 * UInt64(MemoryLayout<PieceMap.Piece>.stride)

  static let medium = "file"

  /// A cursor at the first record, behind a sound header.
  init(_ file: any ByteSource, _ budget: Budget?) throws(ImageError) {
    self.file = file
    self.budget = budget
    name = file.name
    let bytes = try rethrow(
      as: ImageError.init(reading:), file.bytes(at: 0, count: FlattenedHeader.size))
    var reader = ByteReader(bytes, order: FlattenedHeader.order)
    let header = try rethrow(
      as: { (error: ShortRecord) in
        ImageError(
          .unusable,
          "\(file.name): ends inside the header of a flattened dump, after \(error.size) bytes")
      }, FlattenedHeader(from: &reader))
    guard let header, header == .current else {
      throw ImageError(
        .unusable,
        "\(file.name): a flattened dump of type \(header?.type ?? 0), version "
          + "\(header?.version ?? 0), expected 1 and 1")
    }
  }

  mutating func bytes(_ count: Int) throws(ImageError) -> [UInt8] {
    let bytes = try rethrow(
      as: ImageError.init(reading:), file.bytes(at: position, count: count))
    position += UInt64(bytes.count)
    return bytes
  }

  mutating func take(_ range: Range<UInt64>) throws(ImageError) -> UInt64 {
    guard pieces.count < FlattenedSource.mostRecords else {
      throw ImageError(
        .unusable,
        "\(name): record at \((position - UInt64(FlattenedRecord.size)).hex): is one of more than "
          + "\(FlattenedSource.mostRecords) records: 'makedumpfile -R FILE' makes a file of them")
    }
    if pieces.count % FileCursor.recordsAtOnce == 0 { try pay() }
    let length = min(range.length, file.size - position)
    pieces.append(
      PieceMap.Piece(range: range.lowerBound..<range.lowerBound + length, position: position))
    position += length
    return length
  }

  private func pay() throws(ImageError) {
    let count = UInt64(FileCursor.recordsAtOnce)
    let what = "the records of a flattened file"
    do throws(ReadError) {
      try budget?.spend(count, .parsing, on: what)
      try budget?.spend(count * FileCursor.recordCost, .keeping, on: what)
    } catch {
      throw ImageError(reading: error)
    }
  }
}
