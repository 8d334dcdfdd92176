extension UInt64 {
  /// The sum, or nil where it does not fit: numbers from an image are hostile.
  package func adding(_ other: UInt64) -> UInt64? {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? nil : sum
  }

  /// The next multiple of a power of two at or below this number.
  package func roundedDown(to multiple: UInt64) -> UInt64 {
    self & ~(multiple &- 1)
  }

  /// The next multiple of a power of two at or above this number, or nil where it does not fit.
  package func roundedUp(to multiple: UInt64) -> UInt64? {
    adding(multiple &- 1)?.roundedDown(to: multiple)
  }

  /// The number as people write addresses: `0x1f000`.
  package var hex: String { "0x" + String(self, radix: 16) }
}

extension Range<UInt64> {
  /// Number of bytes between the ends.
  package var length: UInt64 { upperBound - lowerBound }

  /// A range by its length, or nil where its end does not fit.
  package init?(start: UInt64, length: UInt64) {
    guard let end = start.adding(length) else { return nil }
    self = start..<end
  }

  /// Whether every byte of `other` lies inside.
  package func covers(_ other: Range<UInt64>) -> Bool {
    lowerBound <= other.lowerBound && other.upperBound <= upperBound
  }

  /// Both ends in hexadecimal, the end not included: `[0x1000, 0x2000)`.
  package var hex: String { "[\(lowerBound.hex), \(upperBound.hex))" }
}
