/// Builds a record: integers in one byte order, appended.
package struct ByteWriter: Sendable {
  /// The record so far.
  package private(set) var bytes: [UInt8] = []
  /// Its byte order.
  package let order: ByteOrder

  /// An empty record.
  package init(order: ByteOrder, capacity: Int = 0) {
    self.order = order
    bytes.reserveCapacity(capacity)
  }

  /// Appends one integer.
  package mutating func write<Value: FixedWidthInteger>(_ value: Value) {
    var ordered = order.convert(value)
    unsafe withUnsafeBytes(of: &ordered) { unsafe bytes.append(contentsOf: $0) }
  }

  /// Appends the low `size` (4 or 8) bytes of a widened word.
  package mutating func writeWord(_ value: UInt64, size: Int) {
    if size == 8 { write(value) } else { write(UInt32(truncatingIfNeeded: value)) }
  }

  /// Appends bytes as they are.
  package mutating func write(contentsOf other: some Sequence<UInt8>) {
    bytes.append(contentsOf: other)
  }

  /// Appends zeros up to a size of `count` bytes.
  package mutating func pad(to count: Int) {
    if count > bytes.count {
      bytes.append(contentsOf: repeatElement(0, count: count - bytes.count))
    }
  }
}
