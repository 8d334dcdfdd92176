/// What became of something that was looked for. *Absent* falls through to the next source,
/// *corrupt* is said.
package enum Answer<Value: Sendable>: Sendable {
  case found(Value)
  /// There is none, or nothing leads to it, and why.
  case absent(String)
  /// There is something that cannot be true, and why.
  case corrupt(String)

  /// What was found.
  package var value: Value? {
    if case .found(let value) = self { value } else { nil }
  }

  /// What is looked for next in what was found.
  package func then<Other, Failure: Error>(
    _ next: (Value) throws(Failure) -> Answer<Other>
  ) throws(Failure) -> Answer<Other> {
    switch self {
    case .found(let value): try next(value)
    case .absent(let why): .absent(why)
    case .corrupt(let why): .corrupt(why)
    }
  }
}

extension Answer: Equatable where Value: Equatable {}
