/// liblz4, where it is installed. Source: `lz4frame.h` 1.9.
@safe struct LZ4: @unchecked Sendable {
  typealias Make = @convention(c) (UnsafeMutablePointer<OpaquePointer?>?, UInt32) -> Int
  typealias Free = @convention(c) (OpaquePointer?) -> Int
  typealias Decompress =
    @convention(c) (
      OpaquePointer?, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?, UnsafeRawPointer?,
      UnsafeMutablePointer<Int>?, UnsafeRawPointer?
    ) -> Int
  typealias IsError = @convention(c) (Int) -> UInt32

  let make: Make
  let free: Free
  let decompress: Decompress
  let isError: IsError

  /// `LZ4F_VERSION`
  static let version: UInt32 = 100

  /// The installed library; nil where there is none that has every symbol.
  static let shared = LZ4()

  private init?() {
    guard let library = DynamicLibrary("liblz4.so.1"),
      let make = unsafe library.function("LZ4F_createDecompressionContext", as: Make.self),
      let free = unsafe library.function("LZ4F_freeDecompressionContext", as: Free.self),
      let decompress = unsafe library.function("LZ4F_decompress", as: Decompress.self),
      let isError = unsafe library.function("LZ4F_isError", as: IsError.self)
    else { return nil }
    unsafe self.make = make
    unsafe self.free = free
    unsafe self.decompress = decompress
    self.isError = isError
  }
}

/// liblz4 unpacks frames part by part.
@safe final class LZ4Stream: StreamUnpacker {
  private let library: LZ4
  private let context: OpaquePointer

  /// nil where there is no memory for it.
  init?(_ library: LZ4) {
    var context: OpaquePointer?
    let status = unsafe library.make(&context, LZ4.version)
    guard library.isError(status) == 0, let context = unsafe context else { return nil }
    self.library = library
    unsafe self.context = context
  }

  deinit {
    _ = unsafe library.free(context)
  }

  /// The library begins the next frame by itself.
  func restart() -> Bool { true }

  func step(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> StreamStep? {
    var used = input.count
    var made = output.count
    let status = unsafe library.decompress(
      context, output.baseAddress, &made, input.baseAddress, &used, nil)
    guard library.isError(status) == 0 else { return nil }
    return StreamStep(used: used, made: made, isAtEnd: status == 0)
  }
}
