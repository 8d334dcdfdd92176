internal import Bytes

/// Two sources, one behind the other.
struct JoinedSource: ByteSource {
  let name: String
  let size: UInt64
  let readCost: UInt64
  private let first: any ByteSource
  private let second: any ByteSource

  /// The bytes of both, as far as there are numbers for them.
  init(_ first: any ByteSource, _ second: any ByteSource) {
    self.first = first
    self.second = second
    name = first.name
    size = first.size.adding(second.size) ?? .max
    readCost = max(first.readCost, second.readCost)
  }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < first.size else {
      return try unsafe second.read(at: offset - first.size, into: buffer)
    }
    let done = try unsafe first.read(at: offset, into: buffer)
    guard done < buffer.count, offset + UInt64(done) == first.size else { return done }
    return done
      + (try unsafe second.read(
        at: 0, into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...])))
  }

  func extent(at offset: UInt64) -> SourceExtent {
    guard offset >= first.size else { return first.extent(at: offset) }
    var extent = second.extent(at: offset - first.size)
    extent.end = extent.end.adding(first.size) ?? .max
    return extent
  }

  func filePosition(at offset: UInt64) -> FilePosition? {
    offset < first.size
      ? first.filePosition(at: offset) : second.filePosition(at: offset - first.size)
  }

  var hasUnreadable: Bool { first.hasUnreadable || second.hasUnreadable }

  func firstUnreadable(in range: Range<UInt64>) -> Range<UInt64>? {
    let front = range.clamped(to: 0..<first.size)
    if !front.isEmpty, let lost = first.firstUnreadable(in: front) { return lost }
    guard range.upperBound > first.size else { return nil }
    let start = max(range.lowerBound, first.size) - first.size
    return second.firstUnreadable(in: start..<range.upperBound - first.size).map {
      $0.lowerBound + first.size..<$0.upperBound + first.size
    }
  }

  var mayLoseBytes: Bool { first.mayLoseBytes || second.mayLoseBytes }

  func isLost(_ range: Range<UInt64>) -> Bool {
    if range.upperBound <= first.size { return first.isLost(range) }
    guard range.lowerBound >= first.size else { return false }
    return second.isLost(range.lowerBound - first.size..<range.upperBound - first.size)
  }
}
