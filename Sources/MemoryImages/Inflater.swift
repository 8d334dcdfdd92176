internal import Bytes
internal import CZlib

/// One zlib stream that is used for page after page: a new one for each costs more than the work.
@safe final class Inflater: @unchecked Sendable {
  private let stream: UnsafeMutablePointer<z_stream>
  /// Room for the packed bytes of one page.
  let input = Chunk(size: 262_144)

  /// A stream; nil where memory is short.
  init?() {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    guard unsafe czlib_inflate_init(stream, 15) == Z_OK else {
      unsafe stream.deallocate()
      return nil
    }
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Unpacks one zlib stream; the number of bytes that it gave, or nil where it is damaged or
  /// gives more than `output` holds.
  func inflate(_ input: UnsafeMutableRawBufferPointer, into output: UnsafeMutableRawBufferPointer)
    -> Int?
  {
    guard unsafe inflateReset(stream) == Z_OK else { return nil }
    unsafe stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    unsafe stream.pointee.avail_in = UInt32(input.count)
    unsafe stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    unsafe stream.pointee.avail_out = UInt32(output.count)
    guard unsafe CZlib.inflate(stream, Z_FINISH) == Z_STREAM_END else { return nil }
    return unsafe output.count - Int(stream.pointee.avail_out)
  }
}

/// Streams and input buffers for as many threads as read at once.
final class InflaterPool: @unchecked Sendable {
  private let lock = Lock()
  private var free: [Inflater] = []

  /// Runs `body` with a stream of its own; nil where memory is short.
  func with<Result, Failure: Error>(
    _ body: (Inflater) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    guard let inflater = lock.withLock({ free.popLast() }) ?? Inflater() else { return nil }
    defer { lock.withLock { free.append(inflater) } }
    return try body(inflater)
  }
}
