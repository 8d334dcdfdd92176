internal import Bytes
internal import DumpRecords

/// The flattened form of a file, for pipes: what `makedumpfile -R` puts in place again.
package final class FlattenedOutput: ByteTarget {
  private let output: OrderedOutput
  private var end: UInt64 = 0
  private var hasFailed = false
  package var name: String { output.name }

  /// How long an interrupted run waits for its reader to take the rest of a record.
  private static let patience = Duration.seconds(2)

  /// Begins a flattened file.
  package init(_ output: OrderedOutput) throws(WriteError) {
    self.output = output
    output.patience = FlattenedOutput.patience
    var writer = ByteWriter(order: FlattenedHeader.order, capacity: FlattenedHeader.size)
    FlattenedHeader.current.write(to: &writer)
    try output.write(writer.bytes)
  }

  package func put(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(WriteError) {
    let count = bytes.count
    guard count > 0 else { return }
    do throws(WriteError) {
      try head(FlattenedRecord(offset: Int64(offset), count: Int64(count)))
      try unsafe output.write(bytes)
    } catch {
      // Inside a record nothing can be said any more.
      hasFailed = true
      throw error
    }
    end = max(end, offset + UInt64(count))
  }

  /// Nothing: what no record holds is zero.
  package func putZeros(_ range: Range<UInt64>) {}

  /// Ends the file. A last byte gives it its size where zeros at its end were left out.
  package func finish(size: UInt64) throws(WriteError) {
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
    var writer = ByteWriter(order: FlattenedHeader.order, capacity: FlattenedRecord.size)
    record.write(to: &writer)
    try output.write(writer.bytes)
  }
}
