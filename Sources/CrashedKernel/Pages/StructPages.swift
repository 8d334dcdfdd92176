internal import Bytes

/// Struct pages that were read, one behind the other.
@safe struct StructPages {
  private let bytes: UnsafeRawBufferPointer
  /// Bytes of one.
  let size: Int
  /// How many of them are whole.
  let count: Int
  /// Whether a word has 8 bytes.
  let isWide: Bool
  /// Whether the host has the other byte order.
  private let isSwapped: Bool

  /// The whole ones of some bytes, which outlive this value.
  init(_ bytes: UnsafeRawBufferPointer, size: Int, isWide: Bool, order: ByteOrder) {
    unsafe self.bytes = unsafe bytes
    self.size = size
    self.isWide = isWide
    isSwapped = order.convert(1 as UInt16) != 1
    count = bytes.count / size
  }

  /// A word at an offset of one of them.
  @inline(__always)
  func word(_ index: Int, _ offset: Int) -> UInt64 {
    isWide
      ? load(index, offset, as: UInt64.self) : UInt64(load(index, offset, as: UInt32.self))
  }

  /// Any integer at an offset of one of them; the offset was checked when the layout was read.
  @inline(__always)
  func load<Value: FixedWidthInteger & BitwiseCopyable>(
    _ index: Int, _ offset: Int, as type: Value.Type
  ) -> Value {
    let value = unsafe bytes.loadUnaligned(fromByteOffset: index &* size &+ offset, as: type)
    return isSwapped ? value.byteSwapped : value
  }
}
