/// The byte order of a recipe's machine, and numbers written in it.
package enum RecipeOrder: String, Sendable, Equatable, CaseIterable {
  case little
  case big

  /// The low `width` bytes of a number, in this order.
  package func bytes(_ value: UInt64, width: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for index in 0..<width {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
    }
    return self == .little ? bytes : bytes.reversed()
  }

  /// The number of `width` bytes at an index; bytes behind the end count as zero.
  package func value(in bytes: [UInt8], at start: Int, width: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<width {
      let place = self == .little ? start + width - 1 - index : start + index
      value = value << 8 | (place < bytes.count ? UInt64(bytes[place]) : 0)
    }
    return value
  }
}
