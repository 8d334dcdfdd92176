/// The value of an expression; its error is thrown as one of another layer:
///
/// ```swift
/// let head = try rethrow(as: ImageError.init(reading:), source.bytes(at: 0, count: 64))
/// ```
package func rethrow<Value, From: Error, To: Error>(
  as wrap: (From) -> To, _ value: @autoclosure () throws(From) -> Value
) throws(To) -> Value {
  do throws(From) { return try value() } catch { throw wrap(error) }
}

extension [UInt8] {
  /// `withUnsafeBytes`, but what `body` throws keeps its type.
  package func withBytes<Value, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try unsafe withUnsafeBufferPointer { buffer throws(Failure) in
      try unsafe body(UnsafeRawBufferPointer(buffer))
    }
  }

  /// `withUnsafeMutableBytes`, but what `body` throws keeps its type.
  package mutating func withMutableBytes<Value, Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try unsafe withUnsafeMutableBufferPointer { buffer throws(Failure) in
      try unsafe body(UnsafeMutableRawBufferPointer(buffer))
    }
  }
}
