/// liblzma, where it is installed. Source: `lzma/base.h` and `lzma/container.h` 5.2.
@safe struct LZMA: @unchecked Sendable {
  typealias Begin = @convention(c) (UnsafeMutableRawPointer?, UInt64, UInt32) -> UInt32
  typealias Code = @convention(c) (UnsafeMutableRawPointer?, UInt32) -> UInt32
  typealias End = @convention(c) (UnsafeMutableRawPointer?) -> Void

  let begin: Begin
  let code: Code
  let end: End

  /// The installed library; nil where there is none that has every symbol.
  static let shared = LZMA()

  private init?() {
    guard let library = DynamicLibrary("liblzma.so.5"),
      let begin = unsafe library.function("lzma_stream_decoder", as: Begin.self),
      let code = unsafe library.function("lzma_code", as: Code.self),
      let end = unsafe library.function("lzma_end", as: End.self)
    else { return nil }
    unsafe self.begin = begin
    unsafe self.code = code
    unsafe self.end = end
  }
}

/// liblzma unpacks part by part.
@safe final class XZStream: StreamUnpacker {
  private let library: LZMA
  private let stream: UnsafeMutableRawPointer

  /// Offsets in `lzma_stream` of a 64-bit machine.
  private enum Field {
    static let nextInput = 0  // next_in
    static let inputCount = 8  // avail_in
    static let nextOutput = 24  // next_out
    static let outputCount = 32  // avail_out
    static let size = 136
  }

  /// Memory that a stream may ask for: `xz -9` wants a quarter of it.
  private static let mostMemory: UInt64 = 256 << 20

  /// nil where there is no memory for it.
  init?(_ library: LZMA) {
    self.library = library
    unsafe stream = .allocate(byteCount: Field.size, alignment: 16)
    unsafe stream.initializeMemory(as: UInt8.self, repeating: 0, count: Field.size)
    guard restart() else { return nil }
  }

  deinit {
    unsafe library.end(stream)
    unsafe stream.deallocate()
  }

  /// The library itself uses what it has again.
  func restart() -> Bool {
    unsafe library.begin(stream, XZStream.mostMemory, 0) == 0
  }

  func step(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> StreamStep? {
    unsafe stream.storeBytes(
      of: input.baseAddress, toByteOffset: Field.nextInput, as: (UnsafeRawPointer?).self)
    unsafe stream.storeBytes(of: input.count, toByteOffset: Field.inputCount, as: Int.self)
    unsafe stream.storeBytes(
      of: output.baseAddress, toByteOffset: Field.nextOutput, as: (UnsafeMutableRawPointer?).self)
    unsafe stream.storeBytes(of: output.count, toByteOffset: Field.outputCount, as: Int.self)
    let status = unsafe library.code(stream, 0)
    // LZMA_OK, LZMA_STREAM_END, and LZMA_BUF_ERROR where there is nothing to do.
    guard status == 0 || status == 1 || status == 10 else { return nil }
    return unsafe StreamStep(
      used: input.count - stream.load(fromByteOffset: Field.inputCount, as: Int.self),
      made: output.count - stream.load(fromByteOffset: Field.outputCount, as: Int.self),
      isAtEnd: status == 1)
  }
}
