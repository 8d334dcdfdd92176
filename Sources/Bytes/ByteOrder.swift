/// The byte order of a dumped machine: always a value taken from the file, never the host's.
package enum ByteOrder: String, Sendable, Hashable, CaseIterable {
  case little
  case big

  /// The other one.
  package var opposite: ByteOrder { self == .little ? .big : .little }

  /// Puts an integer that was loaded in the host's order into this one, or back.
  package func convert<Value: FixedWidthInteger>(_ value: Value) -> Value {
    self == .little ? Value(littleEndian: value) : Value(bigEndian: value)
  }
}
