internal import Bytes
internal import DumpRecords

/// A place among the records of a flattened file: it steps over their bytes, or copies them.
protocol FlattenedCursor {
  /// What the records come from, for messages: a file or a stream.
  static var medium: String { get }
  /// What messages call it.
  var name: String { get }
  /// Offset of the next byte.
  var position: UInt64 { get }

  /// The next `count` bytes, fewer at the end.
  mutating func bytes(_ count: Int) throws(ImageError) -> [UInt8]

  /// Takes the bytes of a record, whose head was read last, for a range of the file that is put
  /// together; returns how many there are.
  mutating func take(_ range: Range<UInt64>) throws(ImageError) -> UInt64
}

/// One pass over all records, in the order in which they stand.
enum FlattenedWalk {
  /// Walks from the first record to the end marker; what is wrong with the end is told.
  static func run(_ cursor: inout some FlattenedCursor) throws(ImageError) -> [Finding] {
    while true {
      let place = cursor.position
      var reader = ByteReader(
        try cursor.bytes(FlattenedRecord.size), order: FlattenedHeader.order)
      guard let record = try? FlattenedRecord(from: &reader) else {
        // What stood behind the last record, also inside the file, is not known.
        return [
          FlattenedWalk.finding(
            of: cursor, "has no end marker: whoever wrote it may have been cut off")
        ]
      }
      if record == .end { return [] }
      guard let range = record.range else {
        throw ImageError(
          .unusable,
          "\(cursor.name): record at \(place.hex): offset \(record.offset), size "
            + "\(record.count), expected a range of a file")
      }
      // Whoever gives up in the middle writes this, for 'makedumpfile -R' to stop at.
      guard !range.isEmpty else {
        return [
          FlattenedWalk.finding(
            of: cursor,
            "has a record of no bytes at \(place.hex): whoever wrote it has given up there")
        ]
      }
      let length = try cursor.take(range)
      guard length == range.length else {
        return [
          FlattenedWalk.finding(
            of: cursor,
            "ends inside its record at \(place.hex), \((range.length - length).hex) bytes early")
        ]
      }
    }
  }

  private static func finding<Cursor: FlattenedCursor>(
    of _: Cursor, _ text: String
  ) -> Finding {
    Finding("the flattened \(Cursor.medium) \(text)", isPartial: true)
  }
}
