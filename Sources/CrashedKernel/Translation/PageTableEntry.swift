/// A question to the bits of a page table entry.
package enum EntryTest: Equatable, Sendable {
  /// Holds for every entry.
  case always
  /// The bits under a mask have a value.
  case equals(UInt64, under: UInt64)
  /// At least one of the bits is set.
  case any(UInt64)

  /// All of the bits are set.
  package static func set(_ bits: UInt64) -> EntryTest { .equals(bits, under: bits) }

  /// None of the bits is set.
  package static func clear(_ bits: UInt64) -> EntryTest { .equals(0, under: bits) }

  /// Whether an entry passes.
  package func holds(_ entry: UInt64) -> Bool {
    switch self {
    case .always: true
    case .equals(let value, let mask): entry & mask == value
    case .any(let mask): entry & mask != 0
    }
  }
}

/// Bits of an entry that are bits of an address, at the same place or at another one.
package struct AddressBits: Equatable, Sendable {
  /// The bits in the entry.
  package var bits: Range<Int>
  /// The lowest of them in the address.
  package var target: Int

  /// The bits of an entry that are those of an address.
  package init(_ bits: Range<Int>) {
    self.bits = bits
    target = bits.lowerBound
  }

  /// The bits of an entry that begin at another bit of an address.
  package init(_ bits: Range<Int>, at target: Int) {
    self.bits = bits
    self.target = target
  }
}

/// Which quarters of a table exist (s390x): an entry has the first and the last one, and the two
/// upper bits of an index say in which one it lies.
package struct TableLimits: Equatable, Sendable {
  /// The bits that hold the first quarter.
  package var first: Range<Int>
  /// The bits that hold the last one.
  package var last: Range<Int>

  /// Limits by their places in an entry.
  package init(first: Range<Int>, last: Range<Int>) {
    self.first = first
    self.last = last
  }

  /// The quarters of the table that an entry leads to; none where the first is behind the last.
  func parts(in entry: UInt64) -> ClosedRange<UInt64>? {
    let lower = entry.field(first)
    return lower...max(lower, entry.field(last))
  }
}

extension UInt64 {
  /// The number that some of the bits hold.
  func field(_ bits: Range<Int>) -> UInt64 {
    self >> UInt64(bits.lowerBound) & (1 << UInt64(bits.count) &- 1)
  }

  /// The address that stands in an entry, in one or several parts.
  func address(_ parts: [AddressBits]) -> UInt64 {
    parts.reduce(0) { $0 | field($1.bits) << UInt64($1.target) }
  }
}
