#if Libdeflate
internal import CLibdeflate
#endif

/// libdeflate, where it is installed or linked in: the same format as zlib's, two to three times as
/// fast.
@safe final class LibdeflatePacker: Packer, @unchecked Sendable {
  private let library: Library
  private let compressor: OpaquePointer
  private let compress: Library.Compress

  /// The functions that are used, all of them or none. Source: `libdeflate.h` 1.0 and later.
  @safe struct Library: @unchecked Sendable {
    typealias Allocate = @convention(c) (Int32) -> OpaquePointer?
    typealias Free = @convention(c) (OpaquePointer?) -> Void
    typealias Compress =
      @convention(c) (
        OpaquePointer?, UnsafeRawPointer?, Int, UnsafeMutableRawPointer?, Int
      ) -> Int

    let allocate: Allocate
    let free: Free
    let zlib: Compress
    let gzip: Compress

    /// The library; nil where none is installed that has every symbol.
    static let shared = Library()

    #if Libdeflate
    private init?() {
      unsafe allocate = { unsafe libdeflate_alloc_compressor($0) }
      unsafe free = { unsafe libdeflate_free_compressor($0) }
      unsafe zlib = { unsafe libdeflate_zlib_compress($0, $1, $2, $3, $4) }
      unsafe gzip = { unsafe libdeflate_gzip_compress($0, $1, $2, $3, $4) }
    }
    #else
    private init?() {
      guard let library = DynamicLibrary("libdeflate.so.0"),
        let allocate = unsafe library.function("libdeflate_alloc_compressor", as: Allocate.self),
        let free = unsafe library.function("libdeflate_free_compressor", as: Free.self),
        let zlib = unsafe library.function("libdeflate_zlib_compress", as: Compress.self),
        let gzip = unsafe library.function("libdeflate_gzip_compress", as: Compress.self)
      else { return nil }
      unsafe self.allocate = allocate
      unsafe self.free = free
      unsafe self.zlib = zlib
      unsafe self.gzip = gzip
    }
    #endif
  }

  /// A compressor of a level from 1 to 9; nil where there is no memory for it.
  init?(_ library: Library, level: Int, container: DeflateContainer) {
    guard let compressor = unsafe library.allocate(Int32(level)) else { return nil }
    self.library = library
    unsafe self.compressor = compressor
    unsafe compress = container == .zlib ? library.zlib : library.gzip
  }

  deinit {
    unsafe library.free(compressor)
  }

  func pack(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int? {
    let count = unsafe compress(
      compressor, input.baseAddress, input.count, output.baseAddress, output.count)
    return count > 0 ? count : nil
  }
}

/// libdeflate unpacks zlib's format, two to three times as fast as zlib.
@safe final class LibdeflateUnpacker: Unpacker, @unchecked Sendable {
  private let library: Library
  private let decompressor: OpaquePointer

  /// The functions that are used, all of them or none. Source: `libdeflate.h` 1.0 and later.
  @safe struct Library: @unchecked Sendable {
    typealias Allocate = @convention(c) () -> OpaquePointer?
    typealias Free = @convention(c) (OpaquePointer?) -> Void
    typealias Decompress =
      @convention(c) (
        OpaquePointer?, UnsafeRawPointer?, Int, UnsafeMutableRawPointer?, Int,
        UnsafeMutablePointer<Int>?
      ) -> Int32

    let allocate: Allocate
    let free: Free
    let decompress: Decompress

    /// The library; nil where none is installed that has every symbol.
    static let shared = Library()

    #if Libdeflate
    private init?() {
      unsafe allocate = { unsafe libdeflate_alloc_decompressor() }
      unsafe free = { unsafe libdeflate_free_decompressor($0) }
      unsafe decompress = {
        unsafe Int32(libdeflate_zlib_decompress($0, $1, $2, $3, $4, $5).rawValue)
      }
    }
    #else
    private init?() {
      guard let library = DynamicLibrary("libdeflate.so.0"),
        let allocate = unsafe library.function("libdeflate_alloc_decompressor", as: Allocate.self),
        let free = unsafe library.function("libdeflate_free_decompressor", as: Free.self),
        let decompress = unsafe library.function(
          "libdeflate_zlib_decompress", as: Decompress.self)
      else { return nil }
      unsafe self.allocate = allocate
      unsafe self.free = free
      unsafe self.decompress = decompress
    }
    #endif
  }

  /// nil where there is no memory for it.
  init?(_ library: Library) {
    guard let decompressor = unsafe library.allocate() else { return nil }
    self.library = library
    unsafe self.decompressor = decompressor
  }

  deinit {
    unsafe library.free(decompressor)
  }

  func unpack(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int? {
    var count = 0
    let status = unsafe library.decompress(
      decompressor, input.baseAddress, input.count, output.baseAddress, output.count, &count)
    return status == 0 && count <= output.count ? count : nil
  }
}
