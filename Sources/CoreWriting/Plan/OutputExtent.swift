internal import Bytes

/// A stretch of the output and where its bytes come from.
package struct OutputExtent: Equatable, Sendable {
  /// Offsets in the output, half open.
  package var range: Range<UInt64>
  package var content: Content

  /// Where bytes come from.
  package enum Content: Equatable, Sendable {
    /// These bytes.
    case bytes([UInt8])
    /// Physical memory from this address on.
    case memory(at: UInt64)
    /// The dump file that is converted, from this offset on.
    case file(at: UInt64)
    /// Zeros.
    case zeros
  }

  /// The addresses that the extent shows, where it shows memory.
  package var memoryRange: Range<UInt64>? {
    guard case .memory(let address) = content else { return nil }
    return Range(start: address, length: range.length)
  }
}
