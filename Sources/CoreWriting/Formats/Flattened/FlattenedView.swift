package import Bytes
internal import DumpRecords

/// The flattened form of a file, readable at any offset though it is stored nowhere: what
/// `makedumpfile -R` turns back into the file.
///
/// The file is cut into pieces of one size; a piece that is a hole as a whole is left out, save the
/// last, which gives the result its length. So the size is known before the first byte is read,
/// and where a record lies is a matter of arithmetic. Format: makedumpfile `makedumpfile.h`,
/// `struct makedumpfile_header` and `struct makedumpfile_data_header`, always big-endian.
package struct FlattenedView: ByteSource {
  package let name: String
  package let size: UInt64
  private let content: any ByteSource
  private let pieceSize: UInt64
  private let header: [UInt8]
  private let runs: [Run]

  /// Neighbouring pieces that are all there.
  private struct Run {
    /// Offset in the view of the first record's head.
    var position: UInt64
    /// Number of the first piece.
    var firstPiece: UInt64
    /// Number of pieces.
    var count: UInt64
  }

  private static let headSize = UInt64(FlattenedRecord.size)
  /// Records of 1 MiB, up to 16 MiB where a file has many: large records are kind to readers, which
  /// keep a list of them.
  private static let pieceSizes: ClosedRange<UInt64> = 1 << 20...16 << 20
  private static let manyPieces: UInt64 = 1 << 16

  /// The flattened form of `content`, whose holes are looked up here.
  package init(_ content: any ByteSource, name: String) {
    self.name = name
    self.content = content
    var pieceSize = FlattenedView.pieceSizes.lowerBound
    while pieceSize < FlattenedView.pieceSizes.upperBound,
      content.size / pieceSize > FlattenedView.manyPieces
    {
      pieceSize *= 2
    }
    self.pieceSize = pieceSize
    var writer = ByteWriter(order: FlattenedHeader.order, capacity: FlattenedHeader.size)
    FlattenedHeader.current.write(to: &writer)
    header = writer.bytes
    runs = FlattenedView.runs(of: content, pieceSize: pieceSize)
    size = FlattenedView.end(of: runs, content.size, pieceSize) + FlattenedView.headSize
  }

  /// That of the file.
  package var readCost: UInt64 { content.readCost }

  package func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let count = Int(min(UInt64(buffer.count), size - offset))
    var done = 0
    while done < count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<count])
      done += try unsafe readPiece(at: offset + UInt64(done), into: rest)
    }
    return done
  }

  /// Reads inside the header, one record's head, one record's bytes, or the end.
  private func readPiece(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    if offset < UInt64(header.count) {
      return unsafe FlattenedView.copy(header[Int(offset)...], into: buffer)
    }
    guard offset < size - FlattenedView.headSize else {
      let head = FlattenedView.encoded(.end)
      let inside = Int(offset - (size - FlattenedView.headSize))
      return unsafe FlattenedView.copy(head[inside...], into: buffer)
    }
    let run = run(at: offset)
    let (number, inside) = (offset - run.position)
      .quotientAndRemainder(dividingBy: FlattenedView.headSize + pieceSize)
    let start = (run.firstPiece + number) * pieceSize
    let length = min(pieceSize, content.size - start)
    guard inside >= FlattenedView.headSize else {
      let head = FlattenedView.encoded(
        FlattenedRecord(offset: Int64(start), count: Int64(length)))
      return unsafe FlattenedView.copy(head[Int(inside)...], into: buffer)
    }
    let skipped = inside - FlattenedView.headSize
    let wanted = Int(min(UInt64(buffer.count), length - skipped))
    let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
    let read = try unsafe content.read(at: start + skipped, into: part)
    guard read == wanted else {
      throw ReadError(
        source: content.name, offset: start + skipped + UInt64(read),
        reason: "the file ends here, expected \(content.size) bytes: it shrank while it was read")
    }
    return read
  }

  private func run(at offset: UInt64) -> Run {
    var low = 0
    var high = runs.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if runs[middle].position <= offset { low = middle } else { high = middle - 1 }
    }
    return runs[low]
  }

  private static func runs(of content: any ByteSource, pieceSize: UInt64) -> [Run] {
    var runs: [Run] = []
    var position = UInt64(FlattenedHeader.size)
    let count = (content.size + pieceSize - 1) / pieceSize
    var piece: UInt64 = 0
    while piece < count {
      let start = piece * pieceSize
      let hole = Zeros.holeEnd(in: content, from: start, limit: content.size)
      // The last piece is never left out.
      let behindHole = min(hole / pieceSize, count - 1)
      if behindHole > piece {
        piece = behindHole
        continue
      }
      if let last = runs.last, last.firstPiece + last.count == piece {
        runs[runs.count - 1].count += 1
      } else {
        runs.append(Run(position: position, firstPiece: piece, count: 1))
      }
      position += headSize + pieceSize
      piece += 1
    }
    return runs
  }

  private static func end(of runs: [Run], _ size: UInt64, _ pieceSize: UInt64) -> UInt64 {
    guard let last = runs.last else { return UInt64(FlattenedHeader.size) }
    let whole = last.position + last.count * (headSize + pieceSize)
    // The last piece may be short.
    return whole - ((last.firstPiece + last.count) * pieceSize - size)
  }

  private static func encoded(_ record: FlattenedRecord) -> [UInt8] {
    var writer = ByteWriter(order: FlattenedHeader.order, capacity: FlattenedRecord.size)
    record.write(to: &writer)
    return writer.bytes
  }

  private static func copy(
    _ bytes: ArraySlice<UInt8>, into buffer: UnsafeMutableRawBufferPointer
  ) -> Int {
    let part = bytes.prefix(buffer.count)
    unsafe buffer.copyBytes(from: part)
    return part.count
  }
}
