internal import CZlib

/// zlib packs, with one stream that is reset for each piece: making a new one costs more than
/// packing a page does.
@safe final class ZlibPacker: Packer, @unchecked Sendable {
  private let stream: UnsafeMutablePointer<z_stream>

  /// The library's version.
  static var version: String {
    unsafe zlibVersion().map { unsafe String(cString: $0) } ?? ""
  }

  /// A stream of a level from 0 to 9; nil where there is no memory for it.
  init?(level: Int, container: DeflateContainer) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    guard unsafe czlib_deflate_init(stream, Int32(level), container.windowBits) == Z_OK else {
      unsafe stream.deallocate()
      return nil
    }
  }

  deinit {
    unsafe deflateEnd(stream)
    unsafe stream.deallocate()
  }

  func pack(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int? {
    unsafe deflateReset(stream)
    unsafe stream.pointee.reach(from: input, to: output)
    guard unsafe deflate(stream, Z_FINISH) == Z_STREAM_END else { return nil }
    return unsafe output.count - Int(stream.pointee.avail_out)
  }
}

/// zlib unpacks, with one stream for page after page.
@safe package final class ZlibUnpacker: Unpacker, @unchecked Sendable {
  private let stream: UnsafeMutablePointer<z_stream>

  /// A stream for what stands in `container`; nil where there is no memory for it.
  package init?(container: DeflateContainer = .zlib) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    guard unsafe czlib_inflate_init(stream, container.windowBits) == Z_OK else {
      unsafe stream.deallocate()
      return nil
    }
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  package func unpack(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int? {
    guard unsafe inflateReset(stream) == Z_OK else { return nil }
    unsafe stream.pointee.reach(from: input, to: output)
    guard unsafe inflate(stream, Z_FINISH) == Z_STREAM_END else { return nil }
    return unsafe output.count - Int(stream.pointee.avail_out)
  }
}

extension z_stream {
  /// All of both buffers is for the next call.
  mutating func reach(
    from input: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer
  ) {
    unsafe next_in = UnsafeMutablePointer(
      mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    unsafe avail_in = UInt32(input.count)
    unsafe next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    unsafe avail_out = UInt32(output.count)
  }
}
