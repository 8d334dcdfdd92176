/// A value that is made when somebody first asks for it, and then is the same for all who have a
/// copy of it. A value that could not be made is tried again.
package final class Once<Value: Sendable>: Sendable {
  private let lock = Lock()
  private nonisolated(unsafe) var made: Value?

  /// Nothing made yet.
  package init() {}

  /// The value, made by `make` where nobody has asked before.
  package func value<Failure: Error>(
    _ make: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try lock.withLock { () throws(Failure) -> Value in
      if let made = unsafe made { return made }
      let value = try make()
      unsafe made = value
      return value
    }
  }
}
