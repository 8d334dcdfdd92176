import Foundation

/// A shared library that is opened at run time, to judge with: nil where it is not installed.
package struct OutsideLibrary: @unchecked Sendable {
  private let handle: UnsafeMutableRawPointer

  /// Opens it by its name.
  package init?(_ name: String) {
    guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else { return nil }
    self.handle = handle
  }

  private func symbol<Function>(_ name: String, _ type: Function.Type) -> Function? {
    dlsym(handle, name).map { unsafeBitCast($0, to: type) }
  }

  /// liblzo2, by one of its methods (`lzo1x_1_compress`, `lzo1x_999_compress`).
  package static func lzo(_ bytes: [UInt8], by method: String = "lzo1x_1_compress") -> [UInt8]? {
    typealias Compress =
      @convention(c) (
        UnsafePointer<UInt8>, UInt, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt>,
        UnsafeMutablePointer<UInt8>
      ) -> Int32
    guard let compress = OutsideLibrary("liblzo2.so.2")?.symbol(method, Compress.self) else {
      return nil
    }
    var work = [UInt8](repeating: 0, count: 1 << 19)
    var packed = [UInt8](repeating: 0, count: bytes.count * 2 + 100)
    var count = UInt(packed.count)
    guard compress(bytes, UInt(bytes.count), &packed, &count, &work) == 0 else { return nil }
    return Array(packed.prefix(Int(count)))
  }

  /// libsnappy.
  package static func snappy(_ bytes: [UInt8]) -> [UInt8]? {
    typealias Compress =
      @convention(c) (
        UnsafePointer<UInt8>, Int, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<Int>
      ) -> Int32
    guard
      let compress = OutsideLibrary("libsnappy.so.1")?.symbol("snappy_compress", Compress.self)
    else { return nil }
    var packed = [UInt8](repeating: 0, count: bytes.count * 2 + 100)
    var count = packed.count
    guard compress(bytes, bytes.count, &packed, &count) == 0 else { return nil }
    return Array(packed.prefix(count))
  }

  /// libzstd.
  package static func zstd(_ bytes: [UInt8], level: Int32 = 1) -> [UInt8]? {
    typealias Compress =
      @convention(c) (
        UnsafeMutablePointer<UInt8>, Int, UnsafePointer<UInt8>, Int, Int32
      ) -> Int
    guard let compress = OutsideLibrary("libzstd.so.1")?.symbol("ZSTD_compress", Compress.self)
    else { return nil }
    var packed = [UInt8](repeating: 0, count: bytes.count * 2 + 1000)
    let count = compress(&packed, packed.count, bytes, bytes.count, level)
    return count <= packed.count ? Array(packed.prefix(count)) : nil
  }
}
