internal import Bytes

/// A part of a file that is written before what is behind it, because what it is read from is wanted
/// back. In a file that is written in place the first page comes last then: a dump that was cut short
/// shows it.
package struct EarlyPart: Sendable {
  /// Offsets in the file.
  package let range: Range<UInt64>
  /// Told once when it is written; answers what the user should know of that.
  package let isWritten: @Sendable () -> String?

  /// A part of a file.
  package init(_ range: Range<UInt64>, isWritten: @escaping @Sendable () -> String?) {
    self.range = range
    self.isWritten = isWritten
  }

  /// The part that is written last.
  private static let head: UInt64 = 4096

  /// All of a file of a size, in the order in which it is written in place: what little stands before
  /// this part, without which it is of no use, this part, what is behind it, and the head.
  func order(of size: UInt64) -> [Range<UInt64>] {
    let head = min(EarlyPart.head, size)
    let early = range.clamped(to: head..<max(head, size))
    return [head..<early.lowerBound, early, early.upperBound..<size, 0..<head]
  }
}
