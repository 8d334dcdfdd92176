/// The place of one integer in a sparse record: an offset instead of padding.
package struct Field<Value: FixedWidthInteger & BitwiseCopyable & Sendable>: Sendable {
  /// Offset from the start of the record in bytes.
  package let offset: Int

  /// The integer at `offset`.
  package init(at offset: Int) {
    self.offset = offset
  }
}

extension ByteReader {
  /// Reads a field without moving.
  package func peek<Value>(_ field: Field<Value>) throws(ShortRecord) -> Value {
    try peek(at: field.offset, Value.self)
  }
}
