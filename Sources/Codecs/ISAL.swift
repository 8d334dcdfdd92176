internal import Glibc

/// ISA-L's igzip of level 0, where it is installed: many times as fast as zlib, with an output that
/// is a quarter larger. It knows no other level here.
@safe final class ISALPacker: Packer, @unchecked Sendable {
  private let library: Library
  private let stream: UnsafeMutableRawPointer
  private let flag: UInt16

  /// The functions that are used, all of them or none. Source: `igzip_lib.h` 2.x.
  @safe struct Library: @unchecked Sendable {
    typealias Initialize = @convention(c) (UnsafeMutableRawPointer?) -> Void
    typealias Deflate = @convention(c) (UnsafeMutableRawPointer?) -> Int32

    let initialize: Initialize
    let deflate: Deflate

    /// The installed library; nil where there is none that has every symbol.
    static let shared = Library()

    private init?() {
      guard let library = DynamicLibrary("libisal.so.2"),
        let initialize = unsafe library.function(
          "isal_deflate_stateless_init", as: Initialize.self),
        let deflate = unsafe library.function("isal_deflate_stateless", as: Deflate.self)
      else { return nil }
      unsafe self.initialize = initialize
      unsafe self.deflate = deflate
    }
  }

  /// Offsets in `struct isal_zstream`; its inner state, which ends it, is the library's own.
  private enum Field {
    static let nextInput = 0  // next_in
    static let inputCount = 8  // avail_in
    static let nextOutput = 16  // next_out
    static let outputCount = 24  // avail_out
    static let endOfStream = 56  // end_of_stream
    static let wrapper = 60  // gzip_flag
    /// `sizeof(struct isal_zstream)` is about 83 000 in 2.30: there is room for it to grow.
    static let roomForAll = 1 << 18
  }

  /// A stream of that container.
  init(_ library: Library, container: DeflateContainer) {
    self.library = library
    flag = container == .gzip ? 1 : 3  // IGZIP_GZIP, IGZIP_ZLIB
    unsafe stream = .allocate(byteCount: Field.roomForAll, alignment: 64)
    unsafe stream.initializeMemory(as: UInt8.self, repeating: 0, count: Field.roomForAll)
  }

  deinit {
    unsafe stream.deallocate()
  }

  func pack(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int? {
    unsafe library.initialize(stream)
    unsafe stream.storeBytes(
      of: input.baseAddress, toByteOffset: Field.nextInput, as: (UnsafeRawPointer?).self)
    unsafe stream.storeBytes(
      of: UInt32(input.count), toByteOffset: Field.inputCount, as: UInt32.self)
    unsafe stream.storeBytes(
      of: output.baseAddress, toByteOffset: Field.nextOutput, as: (UnsafeMutableRawPointer?).self)
    unsafe stream.storeBytes(
      of: UInt32(output.count), toByteOffset: Field.outputCount, as: UInt32.self)
    unsafe stream.storeBytes(of: 1, toByteOffset: Field.endOfStream, as: UInt16.self)
    unsafe stream.storeBytes(of: flag, toByteOffset: Field.wrapper, as: UInt16.self)
    guard unsafe library.deflate(stream) == 0 else { return nil }
    return unsafe output.count
      - Int(stream.load(fromByteOffset: Field.outputCount, as: UInt32.self))
  }
}
