/// The part of libzstd that unpacks part by part. Source: `zstd.h` 1.4 and later.
@safe struct ZstdStreaming: @unchecked Sendable {
  typealias Make = @convention(c) () -> OpaquePointer?
  typealias Free = @convention(c) (OpaquePointer?) -> Int
  typealias Decompress =
    @convention(c) (
      OpaquePointer?, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
    ) -> Int
  typealias IsError = @convention(c) (Int) -> UInt32

  let make: Make
  let free: Free
  let decompress: Decompress
  let isError: IsError

  /// The installed library; nil where there is none that has every symbol.
  static let shared = ZstdStreaming()

  private init?() {
    guard let library = DynamicLibrary("libzstd.so.1"),
      let make = unsafe library.function("ZSTD_createDStream", as: Make.self),
      let free = unsafe library.function("ZSTD_freeDStream", as: Free.self),
      let decompress = unsafe library.function("ZSTD_decompressStream", as: Decompress.self),
      let isError = unsafe library.function("ZSTD_isError", as: IsError.self)
    else { return nil }
    unsafe self.make = make
    unsafe self.free = free
    unsafe self.decompress = decompress
    self.isError = isError
  }
}

/// libzstd unpacks part by part. Windows above 128 MiB (`zstd --long=28` and more) it refuses.
@safe final class ZstdStream: StreamUnpacker {
  private let library: ZstdStreaming
  private let stream: OpaquePointer

  /// `ZSTD_inBuffer` and `ZSTD_outBuffer`.
  @unsafe private struct Buffer {
    var start: UnsafeMutableRawPointer?
    var size: Int
    var position: Int
  }

  /// nil where there is no memory for it.
  init?(_ library: ZstdStreaming) {
    guard let stream = unsafe library.make() else { return nil }
    self.library = library
    unsafe self.stream = stream
  }

  deinit {
    _ = unsafe library.free(stream)
  }

  /// The library begins the next frame by itself.
  func restart() -> Bool { true }

  func step(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> StreamStep? {
    var from = unsafe Buffer(
      start: UnsafeMutableRawPointer(mutating: input.baseAddress), size: input.count, position: 0)
    var to = unsafe Buffer(start: output.baseAddress, size: output.count, position: 0)
    let status = unsafe library.decompress(stream, &to, &from)
    guard library.isError(status) == 0 else { return nil }
    return unsafe StreamStep(used: from.position, made: to.position, isAtEnd: status == 0)
  }
}
