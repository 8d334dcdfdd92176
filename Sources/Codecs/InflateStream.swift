internal import CZlib

/// zlib unpacks gzip members and zlib streams part by part, and tells where it can be taken up
/// again: at the end of a block, with the 32 KiB before.
@safe package final class InflateStream: StreamUnpacker, @unchecked Sendable {
  private let stream: UnsafeMutablePointer<z_stream>
  /// Whether it was taken up in the midst of a stream: the checksum behind that is left then.
  package private(set) var isResumed = false
  /// Where the last step ended: how many bits of the last byte that was used belong to the next
  /// block; nil where it ended inside a block, or at the end of the stream.
  package private(set) var blockBits: Int?

  /// Bytes that a block can refer back to.
  package static let windowSize = 32_768
  /// A gzip or a zlib header is expected.
  private static let anyHeader: Int32 = 15 + 32
  /// None is.
  private static let noHeader: Int32 = -15

  /// At the beginning of a stream; nil where there is no memory for it.
  package init?() {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    guard unsafe czlib_inflate_init(stream, InflateStream.anyHeader) == Z_OK else {
      unsafe stream.deallocate()
      return nil
    }
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  package func restart() -> Bool {
    isResumed = false
    return unsafe inflateReset2(stream, InflateStream.anyHeader) == Z_OK
  }

  /// Takes a stream up at the end of a block.
  ///
  /// - Parameters:
  ///   - bits: how many bits of `byte`, the last one that was used, belong to the next block.
  ///   - window: what was made before, up to ``windowSize``.
  package func resume(bits: Int, of byte: UInt8, window: UnsafeRawBufferPointer) -> Bool {
    isResumed = true
    guard unsafe inflateReset2(stream, InflateStream.noHeader) == Z_OK else { return false }
    if bits > 0 {
      guard unsafe inflatePrime(stream, Int32(bits), Int32(byte >> (8 - bits))) == Z_OK else {
        return false
      }
    }
    let start = unsafe window.baseAddress?.assumingMemoryBound(to: UInt8.self)
    return unsafe window.isEmpty
      || inflateSetDictionary(stream, start, UInt32(window.count)) == Z_OK
  }

  package func step(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> StreamStep? {
    unsafe step(input, into: output, Z_NO_FLUSH)
  }

  /// The same, but it ends with a block where that comes first.
  package func blockStep(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> StreamStep? {
    unsafe step(input, into: output, Z_BLOCK)
  }

  private func step(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, _ flush: Int32
  ) -> StreamStep? {
    unsafe stream.pointee.reach(from: input, to: output)
    let status = unsafe inflate(stream, flush)
    let made = unsafe output.count - Int(stream.pointee.avail_out)
    // What was made before a damaged place is sound; the next step says that it is one.
    guard
      status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR
        || status == Z_DATA_ERROR && made > 0
    else { return nil }
    let state = unsafe stream.pointee.data_type
    // Bit 7: at the end of a block; bit 6: of the last one.
    blockBits = state & 0xc0 == 0x80 && status != Z_STREAM_END ? Int(state & 7) : nil
    return unsafe StreamStep(
      used: input.count - Int(stream.pointee.avail_in),
      made: made, isAtEnd: status == Z_STREAM_END)
  }

  /// What was made last, up to ``windowSize``.
  package func window() -> [UInt8]? {
    var window = [UInt8](repeating: 0, count: InflateStream.windowSize)
    var count = UInt32(window.count)
    let status = unsafe window.withUnsafeMutableBufferPointer {
      unsafe inflateGetDictionary(stream, $0.baseAddress, &count)
    }
    guard status == Z_OK, count <= UInt32(window.count) else { return nil }
    window.removeLast(window.count - Int(count))
    return window
  }
}
