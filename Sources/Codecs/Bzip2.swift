/// libbz2, where it is installed. Source: `bzlib.h` 1.0.
@safe struct Bzip2: @unchecked Sendable {
  typealias Begin = @convention(c) (UnsafeMutableRawPointer?, Int32, Int32) -> Int32
  typealias Call = @convention(c) (UnsafeMutableRawPointer?) -> Int32

  let begin: Begin
  let decompress: Call
  let end: Call

  /// The installed library; nil where there is none that has every symbol.
  static let shared = Bzip2()

  private init?() {
    guard let library = DynamicLibrary("libbz2.so.1.0"),
      let begin = unsafe library.function("BZ2_bzDecompressInit", as: Begin.self),
      let decompress = unsafe library.function("BZ2_bzDecompress", as: Call.self),
      let end = unsafe library.function("BZ2_bzDecompressEnd", as: Call.self)
    else { return nil }
    unsafe self.begin = begin
    unsafe self.decompress = decompress
    unsafe self.end = end
  }
}

/// libbz2 unpacks part by part.
@safe final class Bzip2Stream: StreamUnpacker {
  private let library: Bzip2
  private let stream: UnsafeMutableRawPointer
  private var isOpen = false

  /// Offsets in `bz_stream` of a 64-bit machine.
  private enum Field {
    static let nextInput = 0  // next_in
    static let inputCount = 8  // avail_in
    static let nextOutput = 24  // next_out
    static let outputCount = 32  // avail_out
    static let size = 80
  }

  /// nil where there is no memory for it.
  init?(_ library: Bzip2) {
    self.library = library
    unsafe stream = .allocate(byteCount: Field.size, alignment: 16)
    guard restart() else { return nil }
  }

  deinit {
    if isOpen { _ = unsafe library.end(stream) }
    unsafe stream.deallocate()
  }

  func restart() -> Bool {
    if isOpen { _ = unsafe library.end(stream) }
    unsafe stream.initializeMemory(as: UInt8.self, repeating: 0, count: Field.size)
    isOpen = unsafe library.begin(stream, 0, 0) == 0
    return isOpen
  }

  func step(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> StreamStep? {
    unsafe stream.storeBytes(
      of: input.baseAddress, toByteOffset: Field.nextInput, as: (UnsafeRawPointer?).self)
    unsafe stream.storeBytes(
      of: UInt32(input.count), toByteOffset: Field.inputCount, as: UInt32.self)
    unsafe stream.storeBytes(
      of: output.baseAddress, toByteOffset: Field.nextOutput, as: (UnsafeMutableRawPointer?).self)
    unsafe stream.storeBytes(
      of: UInt32(output.count), toByteOffset: Field.outputCount, as: UInt32.self)
    let status = unsafe library.decompress(stream)
    // BZ_OK and BZ_STREAM_END.
    guard status == 0 || status == 4 else { return nil }
    return unsafe StreamStep(
      used: input.count - Int(stream.load(fromByteOffset: Field.inputCount, as: UInt32.self)),
      made: output.count - Int(stream.load(fromByteOffset: Field.outputCount, as: UInt32.self)),
      isAtEnd: status == 4)
  }
}
