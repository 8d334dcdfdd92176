internal import Bytes

/// Takes bytes at offsets, as a ``ByteSource`` gives them: a file in place, or the records of a
/// flattened file.
package protocol ByteTarget: AnyObject {
  /// What messages call it.
  var name: String { get }

  /// Writes bytes at an offset.
  func put(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(WriteError)

  /// Makes a range read as zeros to which nothing was put, in the cheapest way that there is.
  func putZeros(_ range: Range<UInt64>) throws(WriteError)

  /// Ends the file at a size.
  func finish(size: UInt64) throws(WriteError)

  /// Whether a file that cannot be written to its end can be made a shorter one.
  var canEndEarly: Bool { get }

  /// Takes back what was put behind an offset, and what was put in part, for there is no room for
  /// more: the file will end soon. What is put from now on is put in small pieces.
  ///
  /// - Returns: how far the file reaches then, at most up to the offset.
  func endEarly(at offset: UInt64) throws(WriteError) -> UInt64

  /// Puts bytes in the place of others of the same number that were put before, without taking more
  /// room.
  func replace(_ bytes: [UInt8], at offset: UInt64) throws(WriteError)
}

extension ByteTarget {
  /// Not unless a target knows how.
  package var canEndEarly: Bool { false }

  /// Nothing.
  package func endEarly(at offset: UInt64) throws(WriteError) -> UInt64 { offset }

  /// What is put later counts.
  package func replace(_ bytes: [UInt8], at offset: UInt64) throws(WriteError) {
    try put(bytes, at: offset)
  }
  /// Writes an array at an offset.
  package func put(_ bytes: [UInt8], at offset: UInt64) throws(WriteError) {
    try unsafe bytes.withRawBytes { raw throws(WriteError) in try unsafe put(raw, at: offset) }
  }
}

extension [UInt8] {
  /// Runs `body` with the bytes as they lie in memory.
  func withRawBytes<Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    try unsafe withUnsafeBufferPointer { buffer throws(Failure) in
      try unsafe body(UnsafeRawBufferPointer(buffer))
    }
  }
}
