/// Anything readable: a size, and a read at an offset. A file, and the vmcore that we produce.
package protocol ByteSource: Sendable {
  /// What messages call it.
  var name: String { get }

  /// Number of bytes.
  var size: UInt64 { get }

  /// Reads until `buffer` is full or the source ends; returns the number of bytes read.
  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int

  /// The stretch from `offset` on that is all data or all hole, and where it ends.
  func extent(at offset: UInt64) -> SourceExtent

  /// Where the bytes lie in an open file, for the kernel to move them without a copy.
  func filePosition(at offset: UInt64) -> FilePosition?

  /// Whether bytes may turn out to be lost when they are read; they read as zeros.
  var mayLoseBytes: Bool { get }

  /// Whether a range is lost, every byte of it, as reads of it have shown so far.
  func isLost(_ range: Range<UInt64>) -> Bool

  /// Whether reads have shown by now that some bytes cannot be read, which read as zeros: any file may
  /// have such, and none is expected to.
  var hasUnreadable: Bool { get }

  /// The first part of a range that cannot be read, as reads have shown by now.
  func firstUnreadable(in range: Range<UInt64>) -> Range<UInt64>?

  /// What a byte costs that is read, in bytes that are stored as they are (``Budget``).
  var readCost: UInt64 { get }
}

/// A stretch of a source that reads as zeros without being stored (a hole), or is data.
///
/// What is a hole stays one and what is data stays data, whatever reading shows.
package struct SourceExtent: Equatable, Sendable {
  /// Whether it reads as zeros without being stored.
  package var isHole: Bool
  /// Whether zeros stand for bytes that a dump lacks, rather than for zeros: of a hole, or of data
  /// that reading has shown to be lost.
  package var isLeftOut: Bool
  /// Offset behind its last byte.
  package var end: UInt64

  /// A stretch up to `end`.
  package init(isHole: Bool, isLeftOut: Bool = false, end: UInt64) {
    self.isHole = isHole
    self.isLeftOut = isLeftOut
    self.end = end
  }
}

/// A place in an open file.
package struct FilePosition: Equatable, Sendable {
  /// The open file.
  package var descriptor: Int32
  /// Offset of the byte in it.
  package var offset: UInt64

  /// The byte at `offset` of an open file.
  package init(descriptor: Int32, offset: UInt64) {
    self.descriptor = descriptor
    self.offset = offset
  }
}

extension ByteSource {
  /// Everything is data unless a source knows better.
  package func extent(at offset: UInt64) -> SourceExtent {
    SourceExtent(isHole: false, end: max(offset, size))
  }

  /// Nothing unless a source unpacks what it reads.
  package var mayLoseBytes: Bool { false }

  /// Nothing is.
  package func isLost(_ range: Range<UInt64>) -> Bool { false }

  /// All can be read.
  package var hasUnreadable: Bool { false }

  /// There is none.
  package func firstUnreadable(in range: Range<UInt64>) -> Range<UInt64>? { nil }

  /// Stored as it is unless a source knows better.
  package var readCost: UInt64 { 1 }

  /// No file unless a source has one.
  package func filePosition(at offset: UInt64) -> FilePosition? { nil }

  /// Up to `count` bytes from `offset`; fewer where the source ends.
  package func bytes(at offset: UInt64, count: Int) throws(ReadError) -> [UInt8] {
    let available = offset < size ? min(UInt64(max(0, count)), size - offset) : 0
    var bytes = [UInt8](repeating: 0, count: Int(available))
    let found = try unsafe bytes.withMutableBytes { buffer throws(ReadError) in
      try unsafe read(at: offset, into: buffer)
    }
    bytes.removeLast(bytes.count - found)
    return bytes
  }
}
