/// liblzo2, where it is installed. Source: `lzo/lzo1x.h` 2.x.
@safe struct LZO: @unchecked Sendable {
  typealias Convert =
    @convention(c) (
      UnsafeRawPointer?, UInt, UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt>?,
      UnsafeMutableRawPointer?
    ) -> Int32

  let compress: Convert
  let decompress: Convert

  /// `LZO1X_1_MEM_COMPRESS` of a 64-bit machine.
  static let workSize = 1 << 17

  /// The installed library; nil where there is none that has every symbol.
  static let shared = LZO()

  private init?() {
    guard let library = DynamicLibrary("liblzo2.so.2"),
      let compress = unsafe library.function("lzo1x_1_compress", as: Convert.self),
      let decompress = unsafe library.function("lzo1x_decompress_safe", as: Convert.self)
    else { return nil }
    unsafe self.compress = compress
    unsafe self.decompress = decompress
  }
}

/// liblzo2 unpacks.
final class LZOUnpacker: Unpacker {
  private let library: LZO

  init(_ library: LZO) {
    self.library = library
  }

  func unpack(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int? {
    var count = UInt(output.count)
    let status = unsafe library.decompress(
      input.baseAddress, UInt(input.count), output.baseAddress, &count, nil)
    return status == 0 && count <= UInt(output.count) ? Int(count) : nil
  }
}

/// liblzo2 packs, with its fastest method, which makedumpfile uses, too.
@safe final class LZOPacker: Packer, @unchecked Sendable {
  private let library: LZO
  private let work: UnsafeMutableRawBufferPointer
  /// The library takes no limit, so it writes where there is always room.
  private let packed: UnsafeMutableRawBufferPointer
  private let largest: Int

  /// A packer of pieces of at most `largest` bytes.
  init(_ library: LZO, largest: Int) {
    self.library = library
    self.largest = largest
    unsafe work = .allocate(byteCount: LZO.workSize, alignment: 64)
    unsafe packed = .allocate(byteCount: largest + largest / 16 + 67, alignment: 64)
  }

  deinit {
    unsafe work.deallocate()
    unsafe packed.deallocate()
  }

  func pack(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int? {
    guard input.count <= largest else { return nil }
    var count = unsafe UInt(packed.count)
    let status = unsafe library.compress(
      input.baseAddress, UInt(input.count), packed.baseAddress, &count, work.baseAddress)
    guard status == 0, count <= UInt(output.count) else { return nil }
    unsafe output.copyMemory(from: UnsafeRawBufferPointer(rebasing: packed[..<Int(count)]))
    return Int(count)
  }
}
