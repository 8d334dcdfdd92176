/// A cursor over an owned record that reads integers in the record's byte order.
///
/// It never reads past the end: it throws ``ShortRecord``, which says where the record ended.
package struct ByteReader: Sendable {
  /// The whole record.
  package let bytes: [UInt8]
  /// Its byte order.
  package let order: ByteOrder
  /// Position of the next byte, from the start of the record.
  package private(set) var position: Int

  /// A cursor at `position` of `bytes`.
  package init(_ bytes: [UInt8], order: ByteOrder, at position: Int = 0) {
    self.bytes = bytes
    self.order = order
    self.position = position
  }

  /// Number of bytes that are left.
  package var remaining: Int { bytes.count - position }

  /// Reads one integer and moves behind it.
  package mutating func read<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type = Value.self
  ) throws(ShortRecord) -> Value {
    let value = try peek(at: position, type)
    position += MemoryLayout<Value>.size
    return value
  }

  /// Reads one integer at an offset of the record without moving.
  package func peek<Value: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, _ type: Value.Type = Value.self
  ) throws(ShortRecord) -> Value {
    let size = MemoryLayout<Value>.size
    guard offset >= 0, offset <= bytes.count - size else {
      throw ShortRecord(offset: offset, wanted: size, size: bytes.count)
    }
    return order.convert(
      unsafe bytes.span.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self))
  }

  /// Reads an integer of the machine's word size (4 or 8 bytes), widened.
  package mutating func readWord(size: Int) throws(ShortRecord) -> UInt64 {
    size == 8 ? try read(UInt64.self) : UInt64(try read(UInt32.self))
  }

  /// Takes the next `count` bytes.
  package mutating func take(_ count: Int) throws(ShortRecord) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else {
      throw ShortRecord(offset: position, wanted: count, size: bytes.count)
    }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// Moves over `count` bytes.
  package mutating func skip(_ count: Int) throws(ShortRecord) {
    _ = try take(count)
  }
}

/// A record ended before one of its fields.
package struct ShortRecord: Error, Equatable {
  /// Offset of the field, from the start of the record.
  package let offset: Int
  /// Size of the field in bytes.
  package let wanted: Int
  /// Size of the record in bytes.
  package let size: Int

  /// A field of `wanted` bytes at `offset` of a record of `size` bytes.
  package init(offset: Int, wanted: Int, size: Int) {
    self.offset = offset
    self.wanted = wanted
    self.size = size
  }
}
