package import Bytes

/// A stretch of physical memory and where its bytes lie in a source.
package struct MemoryRegion: Sendable {
  /// Physical addresses, half open.
  package let range: Range<UInt64>
  /// What holds the bytes.
  package let source: any ByteSource
  /// Offset in the source of the byte at the start of the range.
  package let offset: UInt64
  /// Whether it is zeros that a file leaves out, if there is memory at all: only the addresses of
  /// what is asked for tell that.
  package let isAssumed: Bool

  /// The memory at `range` is what `source` holds from `offset` on.
  package init(
    range: Range<UInt64>, source: any ByteSource, offset: UInt64, isAssumed: Bool = false
  ) {
    self.isAssumed = isAssumed
    self.range = range
    self.source = source
    self.offset = offset
  }

  /// Offset in the source of an address inside the range.
  package func sourceOffset(of address: UInt64) -> UInt64 {
    offset &+ (address &- range.lowerBound)
  }
}
