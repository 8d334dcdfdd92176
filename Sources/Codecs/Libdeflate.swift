/// libdeflate, where it is installed: the same format as zlib's, two to three times as fast.
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

    /// The installed library; nil where there is none that has every symbol.
    static let shared = Library()

    private init?() {
      guard let library = DynamicLibrary("libdeflate.so.0"),
        let allocate = unsafe library.symbol("libdeflate_alloc_compressor"),
        let free = unsafe library.symbol("libdeflate_free_compressor"),
        let zlib = unsafe library.symbol("libdeflate_zlib_compress"),
        let gzip = unsafe library.symbol("libdeflate_gzip_compress")
      else { return nil }
      unsafe self.allocate = unsafeBitCast(allocate, to: Allocate.self)
      unsafe self.free = unsafeBitCast(free, to: Free.self)
      unsafe self.zlib = unsafeBitCast(zlib, to: Compress.self)
      unsafe self.gzip = unsafeBitCast(gzip, to: Compress.self)
    }
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
