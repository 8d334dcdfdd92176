internal import Bytes
internal import DumpRecords

/// The flattened form of a file, for pipes: what `makedumpfile -R` puts in place again.
package final class FlattenedOutput: ByteTarget {
  private let output: OrderedOutput
  /// The regular file that the records go to; nil where they cannot be taken back.
  private let file: PlacedOutput?
  private var end: UInt64 = 0
  private var hasFailed = false
  /// Where the next record belongs in the flattened file.
  private var position = UInt64(FlattenedHeader.size)
  /// The first records, which may have to be replaced.
  private var first: [(range: Range<UInt64>, position: UInt64)] = []
  /// Whether each record is followed by the end marker at once.
  private var isEnding = false
  package var name: String { output.name }

  /// Records that can be replaced: headers and bitmaps come first.
  private static let mostFirst = 8192

  /// How long an interrupted run waits for its reader to take the rest of a record.
  private static let patience = Duration.seconds(2)

  /// Begins a flattened file.
  ///
  /// - Parameter file: the same output, where it is a file that can end early.
  package init(_ output: OrderedOutput, file: PlacedOutput? = nil) throws(WriteError) {
    self.output = output
    self.file = file
    output.patience = FlattenedOutput.patience
    var writer = ByteWriter(order: FlattenedHeader.order, capacity: FlattenedHeader.size)
    FlattenedHeader.current.write(to: &writer)
    try output.write(writer.bytes)
  }

  package func put(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(WriteError) {
    let count = bytes.count
    guard count > 0 else { return }
    if isEnding { return try unsafe putLast(bytes, at: offset) }
    do throws(WriteError) {
      try head(FlattenedRecord(offset: Int64(offset), count: Int64(count)))
      try unsafe output.write(bytes)
    } catch {
      // Inside a record nothing can be said any more.
      hasFailed = true
      throw error
    }
    step(over: offset..<offset + UInt64(count))
  }

  private func step(over range: Range<UInt64>) {
    if file != nil, first.count < FlattenedOutput.mostFirst { first.append((range, position)) }
    end = max(end, range.upperBound)
    position += UInt64(FlattenedRecord.size) + range.length
  }

  /// Nothing: what no record holds is zero.
  package func putZeros(_ range: Range<UInt64>) {}

  /// Ends the file. A last byte gives it its size where zeros at its end were left out; where it ends
  /// early, its end marker is there.
  package func finish(size: UInt64) throws(WriteError) {
    if isEnding {
      try file?.finish(size: position + UInt64(FlattenedRecord.size))
      return
    }
    if end < size {
      try put([0], at: size - 1)
    }
    try head(.end)
  }

  /// Two records of no bytes: `makedumpfile -R` refuses the first at once, but only where more
  /// follows; without them it would wait 600 seconds. The record that ends a file would be a lie.
  package func fail() {
    guard !hasFailed else { return }
    hasFailed = true
    for _ in 0..<2 { try? head(FlattenedRecord(offset: 0, count: 0)) }
  }

  private func head(_ record: FlattenedRecord) throws(WriteError) {
    try output.write(FlattenedOutput.encoded(record))
  }

  private static func encoded(_ record: FlattenedRecord) -> [UInt8] {
    var writer = ByteWriter(order: FlattenedHeader.order, capacity: FlattenedRecord.size)
    record.write(to: &writer)
    return writer.bytes
  }
}

// MARK: An early end

extension FlattenedOutput {
  package var canEndEarly: Bool { file != nil }

  /// Ends behind the last whole record; from now on the file has its end marker at any time.
  package func endEarly(at offset: UInt64) throws(WriteError) -> UInt64 {
    guard let file else { return offset }
    isEnding = true
    _ = try file.endEarly(at: position)
    try file.put(FlattenedOutput.encoded(.end), at: position)
    return min(end, offset)
  }

  private func putLast(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(WriteError) {
    guard let file else { return }
    let range = offset..<offset + UInt64(bytes.count)
    var record = FlattenedOutput.encoded(
      FlattenedRecord(offset: Int64(offset), count: Int64(bytes.count)))
    unsafe record.append(contentsOf: bytes)
    do throws(WriteError) {
      try file.put(record + FlattenedOutput.encoded(.end), at: position)
    } catch {
      _ = try endEarly(at: end)
      throw error
    }
    step(over: range)
  }

  /// Replaces the bytes inside the records that hold them; those must be of the first ones.
  package func replace(_ bytes: [UInt8], at offset: UInt64) throws(WriteError) {
    guard let file else { return try put(bytes, at: offset) }
    let whole = offset..<offset + UInt64(bytes.count)
    var left = whole.length
    for (range, position) in first where range.overlaps(whole) {
      let part = range.clamped(to: whole)
      let inside = UInt64(FlattenedRecord.size) + (part.lowerBound - range.lowerBound)
      let start = Int(part.lowerBound - offset)
      try file.put(Array(bytes[start..<start + Int(part.length)]), at: position + inside)
      left -= part.length
    }
    guard left == 0 else {
      throw WriteError(
        .failed, "\(name): \(left) bytes at \(offset) of the file cannot be replaced")
    }
  }
}
