/// Unpacks a block of snappy where libsnappy cannot be used: in a program that is linked statically,
/// or on a machine that lacks it. Format: `format_description.txt` of snappy.
package final class SnappyDecoder: Unpacker {
  /// It keeps nothing from one block to the next.
  package init() {}

  package func unpack(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int? {
    var input = unsafe PackedBytes(input)
    guard let size = SnappyDecoder.size(from: { input.byte() }), size <= output.count else {
      return nil
    }
    var result = unsafe UnpackedBytes(UnsafeMutableRawBufferPointer(rebasing: output[..<size]))
    while let tag = input.byte() {
      guard SnappyDecoder.element(Int(tag), &input, &result) else { return nil }
    }
    return result.count == size ? size : nil
  }

  /// The number of bytes that the block gives whose first bytes these are.
  package static func size(of bytes: some Sequence<UInt8>) -> Int? {
    var iterator = bytes.makeIterator()
    return size(from: { iterator.next() })
  }

  /// Seven bits of the number stand in each byte, the lowest first.
  private static func size(from next: () -> UInt8?) -> Int? {
    var size = 0
    for shift in stride(from: 0, through: 28, by: 7) {
      guard let byte = next() else { return nil }
      size |= Int(byte & 0x7f) << shift
      if byte < 0x80 { return size <= Int(UInt32.max) ? size : nil }
    }
    return nil
  }

  private static func element(
    _ tag: Int, _ input: inout PackedBytes, _ output: inout UnpackedBytes
  ) -> Bool {
    let field = tag >> 2
    switch tag & 3 {
    case 0:
      guard field >= 60 else { return output.copy(field + 1, from: &input) }
      guard let length = input.number(field - 59) else { return false }
      return output.copy(length + 1, from: &input)
    case 1:
      guard let low = input.byte() else { return false }
      return output.copyBack((tag >> 5) << 8 | Int(low), field & 7 + 4)
    case 2:
      guard let distance = input.word() else { return false }
      return output.copyBack(distance, field + 1)
    default:
      guard let distance = input.number(4) else { return false }
      return output.copyBack(distance, field + 1)
    }
  }
}
