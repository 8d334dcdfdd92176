internal import CZlib

/// zlib, with one stream that is reset for each piece: making a new one costs more than packing a
/// page does.
@safe final class ZlibDeflater: Deflater, @unchecked Sendable {
  private let stream: UnsafeMutablePointer<z_stream>

  /// The library's version.
  static var version: String {
    unsafe zlibVersion().map { unsafe String(cString: $0) } ?? ""
  }

  /// A stream of a level from 0 to 9; nil where there is no memory for it.
  init?(level: Int, container: DeflateContainer) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let windowBits: Int32 = container == .zlib ? 15 : 31
    guard unsafe czlib_deflate_init(stream, Int32(level), windowBits) == Z_OK else {
      unsafe stream.deallocate()
      return nil
    }
  }

  deinit {
    unsafe deflateEnd(stream)
    unsafe stream.deallocate()
  }

  func deflate(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int? {
    unsafe deflateReset(stream)
    unsafe stream.pointee.next_in =
      UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    unsafe stream.pointee.avail_in = UInt32(input.count)
    unsafe stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    unsafe stream.pointee.avail_out = UInt32(output.count)
    guard unsafe CZlib.deflate(stream, Z_FINISH) == Z_STREAM_END else { return nil }
    return unsafe output.count - Int(stream.pointee.avail_out)
  }
}
