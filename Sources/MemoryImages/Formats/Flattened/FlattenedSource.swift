package import Bytes
internal import DumpRecords

/// A flattened file as the file that `makedumpfile -R` would make of it: records in any order,
/// the later ones win, gaps are holes. It lies under the readers of the formats.
package struct FlattenedSource: ByteSource {
  package let name: String
  package let size: UInt64
  /// What is wrong with the file, though it can be read.
  package let warnings: [ImageWarning]
  private let file: any ByteSource
  private let map: PieceMap

  /// Records that are kept in mind at most: 96 MiB of memory.
  package static let mostRecords = 1 << 22

  /// Walks all records of a file.
  package init(_ file: any ByteSource) throws(ImageError) {
    self.file = file
    name = file.name
    var walk = try FlattenedWalk(file)
    try walk.run()
    map = PieceMap(laterWins: walk.pieces)
    size = map.end
    warnings = walk.warnings
  }

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

  package func filePosition(at offset: UInt64) -> FilePosition? {
    guard let piece = map.piece(endingAfter: offset), piece.range.contains(offset) else {
      return nil
    }
    return file.filePosition(at: piece.position + (offset - piece.range.lowerBound))
  }
}

/// One pass over the heads of all records.
private struct FlattenedWalk {
  private(set) var pieces: [PieceMap.Piece] = []
  private(set) var warnings: [ImageWarning] = []
  private let file: any ByteSource
  private var position = UInt64(FlattenedHeader.size)

  init(_ file: any ByteSource) throws(ImageError) {
    self.file = file
    var reader = ByteReader(
      try FlattenedWalk.bytes(of: file, at: 0, count: FlattenedHeader.size),
      order: FlattenedHeader.order)
    let header: FlattenedHeader?
    do throws(ShortRecord) { header = try FlattenedHeader(from: &reader) } catch {
      throw ImageError(
        .unusable,
        "\(file.name): ends inside the header of a flattened dump, after "
          + "\(error.size) bytes")
    }
    guard let header, header == .current else {
      throw ImageError(
        .unusable,
        "\(file.name): a flattened dump of type \(header?.type ?? 0), version "
          + "\(header?.version ?? 0), expected 1 and 1")
    }
  }

  mutating func run() throws(ImageError) {
    while position < file.size {
      let head = try FlattenedWalk.bytes(of: file, at: position, count: FlattenedRecord.size)
      var reader = ByteReader(head, order: FlattenedHeader.order)
      guard let record = try? FlattenedRecord(from: &reader) else { break }
      if record == .end { return }
      try add(record)
    }
    guard warnings.isEmpty else { return }
    // What stood behind the last record, also inside the file, is not known.
    warnings.append(
      ImageWarning(
        "the flattened file has no end marker: whoever wrote it may have been cut off",
        isPartial: true))
  }

  private mutating func add(_ record: FlattenedRecord) throws(ImageError) {
    guard record.offset >= 0, record.count >= 0,
      let range = Range(start: UInt64(record.offset), length: UInt64(record.count)),
      range.upperBound <= UInt64(Int64.max)
    else {
      throw fault("offset \(record.offset), size \(record.count), expected a range of a file")
    }
    guard pieces.count < FlattenedSource.mostRecords else {
      throw fault(
        "is one of more than \(FlattenedSource.mostRecords) records: "
          + "'makedumpfile -R FILE' makes a file of them")
    }
    let start = position + UInt64(FlattenedRecord.size)
    let length = min(range.length, file.size - start)
    if length < range.length {
      warnings.append(
        ImageWarning(
          "the flattened file ends inside its record at \(position.hex), "
            + "\((range.length - length).hex) bytes early",
          isPartial: true))
    }
    pieces.append(
      PieceMap.Piece(range: range.lowerBound..<range.lowerBound + length, position: start))
    position = start + length
  }

  private func fault(_ text: String) -> ImageError {
    ImageError(.unusable, "\(file.name): record at \(position.hex): \(text)")
  }

  private static func bytes(
    of file: any ByteSource, at offset: UInt64, count: Int
  ) throws(ImageError) -> [UInt8] {
    do throws(ReadError) { return try file.bytes(at: offset, count: count) } catch {
      throw ImageError(error)
    }
  }
}
