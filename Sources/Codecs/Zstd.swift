/// libzstd, where it is installed. Source: `zstd.h` 1.4 and later.
@safe struct Zstd: @unchecked Sendable {
  typealias Make = @convention(c) () -> OpaquePointer?
  typealias Free = @convention(c) (OpaquePointer?) -> Int
  typealias Decompress =
    @convention(c) (
      OpaquePointer?, UnsafeMutableRawPointer?, Int, UnsafeRawPointer?, Int
    ) -> Int
  typealias Compress =
    @convention(c) (
      OpaquePointer?, UnsafeMutableRawPointer?, Int, UnsafeRawPointer?, Int
    ) -> Int
  typealias SetParameter = @convention(c) (OpaquePointer?, Int32, Int32) -> Int
  typealias IsError = @convention(c) (Int) -> UInt32

  let makeUnpacker: Make
  let freeUnpacker: Free
  let decompress: Decompress
  let makePacker: Make
  let freePacker: Free
  let setParameter: SetParameter
  let compress: Compress
  let isError: IsError

  /// The installed library; nil where there is none that has every symbol.
  static let shared = Zstd()

  private init?() {
    guard let library = DynamicLibrary("libzstd.so.1"),
      let makeUnpacker = unsafe library.function("ZSTD_createDCtx", as: Make.self),
      let freeUnpacker = unsafe library.function("ZSTD_freeDCtx", as: Free.self),
      let decompress = unsafe library.function("ZSTD_decompressDCtx", as: Decompress.self),
      let makePacker = unsafe library.function("ZSTD_createCCtx", as: Make.self),
      let freePacker = unsafe library.function("ZSTD_freeCCtx", as: Free.self),
      let setParameter = unsafe library.function(
        "ZSTD_CCtx_setParameter", as: SetParameter.self),
      let compress = unsafe library.function("ZSTD_compress2", as: Compress.self),
      let isError = unsafe library.function("ZSTD_isError", as: IsError.self)
    else { return nil }
    unsafe self.makeUnpacker = makeUnpacker
    unsafe self.freeUnpacker = freeUnpacker
    unsafe self.decompress = decompress
    unsafe self.makePacker = makePacker
    unsafe self.freePacker = freePacker
    unsafe self.setParameter = setParameter
    unsafe self.compress = compress
    self.isError = isError
  }
}

/// libzstd unpacks, with one context for page after page.
@safe final class ZstdUnpacker: Unpacker, @unchecked Sendable {
  private let library: Zstd
  private let context: OpaquePointer

  /// nil where there is no memory for it.
  init?(_ library: Zstd) {
    guard let context = unsafe library.makeUnpacker() else { return nil }
    self.library = library
    unsafe self.context = context
  }

  deinit {
    _ = unsafe library.freeUnpacker(context)
  }

  func unpack(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int? {
    // No byte is no frame, which the library takes for an empty one.
    guard input.count > 0 else { return nil }
    let count = unsafe library.decompress(
      context, output.baseAddress, output.count, input.baseAddress, input.count)
    return library.isError(count) == 0 && count <= output.count ? count : nil
  }
}

/// libzstd packs, with one context for page after page.
@safe final class ZstdPacker: Packer, @unchecked Sendable {
  private let library: Zstd
  private let context: OpaquePointer

  /// A packer of a level from 1 to 19; nil where there is no memory for it.
  init?(_ library: Zstd, level: Int) {
    guard let context = unsafe library.makePacker() else { return nil }
    self.library = library
    unsafe self.context = context
    // Set once: a level that comes with each page costs a tenth of the time.
    _ = unsafe library.setParameter(context, ZstdPacker.levelParameter, Int32(level))
  }

  /// `ZSTD_c_compressionLevel`
  private static let levelParameter: Int32 = 100

  deinit {
    _ = unsafe library.freePacker(context)
  }

  func pack(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int? {
    let count = unsafe library.compress(
      context, output.baseAddress, output.count, input.baseAddress, input.count)
    return library.isError(count) == 0 && count <= output.count ? count : nil
  }
}
