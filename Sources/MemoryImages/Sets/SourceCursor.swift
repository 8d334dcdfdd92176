internal import Bytes

/// Reads integers and bytes of a source in order, through a window. What lies behind the end is
/// answered with nil.
struct SourceCursor {
  /// Offset of the next byte.
  private(set) var position: UInt64
  /// What is read.
  let source: any ByteSource
  private let order: ByteOrder
  private let windowSize: Int
  private var window: [UInt8] = []
  private var windowStart: UInt64 = 0

  /// A cursor at an offset of a source.
  init(
    _ source: any ByteSource, at position: UInt64 = 0, order: ByteOrder, window: Int = 65_536
  ) {
    self.source = source
    self.position = position
    self.order = order
    windowSize = window
  }

  /// Number of bytes that are left.
  var remaining: UInt64 { position < source.size ? source.size - position : 0 }

  /// The next integer.
  mutating func next<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type = Value.self
  ) throws(ReadError) -> Value? {
    let size = MemoryLayout<Value>.size
    guard let index = try ready(size) else { return nil }
    position += UInt64(size)
    return try? ByteReader(window, order: order).peek(at: index, Value.self)
  }

  /// The next bytes; fewer at the end.
  mutating func take(_ count: Int) throws(ReadError) -> [UInt8] {
    if count <= windowSize, let index = try ready(count) {
      position += UInt64(count)
      return Array(window[index..<index + count])
    }
    let bytes = try source.bytes(at: position, count: count)
    position += UInt64(bytes.count)
    return bytes
  }

  /// Moves over bytes, also over the end.
  mutating func skip(_ count: UInt64) {
    position = position.adding(count) ?? .max
  }

  /// Moves over bytes that have to be there; nil where the source ends before.
  mutating func pass(_ count: UInt64) -> Range<UInt64>? {
    guard count <= remaining else { return nil }
    defer { position += count }
    return position..<position + count
  }

  /// Bytes that the window holds; nil where it does not hold all of them.
  func held(_ range: Range<UInt64>) -> ArraySlice<UInt8>? {
    let end = windowStart + UInt64(window.count)
    guard range.lowerBound >= windowStart, range.upperBound <= end else { return nil }
    return window[Int(range.lowerBound - windowStart)..<Int(range.upperBound - windowStart)]
  }

  /// Moves to an offset.
  mutating func move(to offset: UInt64) {
    position = offset
  }

  /// The place in the window of the next bytes; nil where there are fewer.
  private mutating func ready(_ count: Int) throws(ReadError) -> Int? {
    guard remaining >= UInt64(count) else { return nil }
    let end = windowStart + UInt64(window.count)
    if position < windowStart || position + UInt64(count) > end {
      window = try source.bytes(at: position, count: max(count, windowSize))
      windowStart = position
      guard window.count >= count else { return nil }
    }
    return Int(position - windowStart)
  }
}
