/// libsnappy, where it is installed. Source: `snappy-c.h` 1.x.
@safe struct Snappy: @unchecked Sendable {
  typealias Convert =
    @convention(c) (
      UnsafeRawPointer?, Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?
    ) -> Int32

  let compress: Convert
  let decompress: Convert

  /// The installed library; nil where there is none that has every symbol.
  static let shared = Snappy()

  private init?() {
    guard let library = DynamicLibrary("libsnappy.so.1"),
      let compress = unsafe library.function("snappy_compress", as: Convert.self),
      let decompress = unsafe library.function("snappy_uncompress", as: Convert.self)
    else { return nil }
    unsafe self.compress = compress
    unsafe self.decompress = decompress
  }
}

/// libsnappy unpacks.
final class SnappyUnpacker: Unpacker {
  private let library: Snappy

  init(_ library: Snappy) {
    self.library = library
  }

  func unpack(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int? {
    var count = output.count
    let status = unsafe library.decompress(
      input.baseAddress, input.count, output.baseAddress, &count)
    return status == 0 && count <= output.count ? count : nil
  }
}

/// libsnappy packs.
@safe final class SnappyPacker: Packer, @unchecked Sendable {
  private let library: Snappy
  /// The library wants room for the worst case.
  private let packed: UnsafeMutableRawBufferPointer

  /// A packer of pieces of at most `largest` bytes.
  init(_ library: Snappy, largest: Int) {
    self.library = library
    unsafe packed = .allocate(byteCount: 32 + largest + largest / 6, alignment: 64)
  }

  deinit {
    unsafe packed.deallocate()
  }

  func pack(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int? {
    var count = unsafe packed.count
    let status = unsafe library.compress(
      input.baseAddress, input.count, packed.baseAddress, &count)
    guard status == 0, count <= output.count else { return nil }
    unsafe output.copyMemory(from: UnsafeRawBufferPointer(rebasing: packed[..<count]))
    return count
  }
}
