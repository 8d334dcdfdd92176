internal import Bytes

/// What was read at a virtual address, or why nothing can be.
package enum Contents<Value: Sendable>: Sendable {
  /// What stands there.
  case found(Value)
  /// At least one byte cannot be read.
  case unreadable(Unreadable)

  /// What was read.
  package var value: Value? {
    if case .found(let value) = self { value } else { nil }
  }

  /// The same with the value changed.
  package func map<Other: Sendable>(_ change: (Value) -> Other) -> Contents<Other> {
    switch self {
    case .found(let value): .found(change(value))
    case .unreadable(let why): .unreadable(why)
    }
  }
}

extension Contents: Equatable where Value: Equatable {}

/// Why a virtual address cannot be read.
package enum Unreadable: Error, Equatable, Sendable {
  /// The kernel has nothing there, by an entry of that level (0: no mapping reaches it).
  case notMapped(UInt64, level: Int)
  /// It has something there, at a physical address that the image lacks; or its page table entry
  /// would be at that one.
  case missing(UInt64, at: UInt64)
  /// The page table entry that stands at a physical address cannot be true.
  case corrupt(entry: UInt64, place: UInt64, at: UInt64)
}

extension Unreadable: CustomStringConvertible {
  /// `0xffffc90000000000 is not mapped (level 3)`
  package var description: String {
    switch self {
    case .notMapped(let address, let level):
      "\(address.hex) is not mapped" + (level == 0 ? "" : " (level \(level))")
    case .missing(let physical, let address):
      "the image lacks physical address \(physical.hex), expected for \(address.hex)"
    case .corrupt(let entry, let place, let address):
      "the page table entry at \(place.hex) is \(entry.hex), which cannot lead to \(address.hex)"
    }
  }
}
