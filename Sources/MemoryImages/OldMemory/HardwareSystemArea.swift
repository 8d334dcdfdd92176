internal import Bytes
internal import Glibc
internal import SystemPackage

/// The copy that the firmware of an s390x machine made of its lowest memory before it loaded a
/// stand-alone dumper (zfcpdump) there. `/proc/vmcore` shows that memory from it until it is released;
/// there is one for all partitions of the machine, which wait for it (`drivers/s390/char/zcore.c`).
package struct HardwareSystemArea: Sendable {
  /// Bytes of the lowest memory that are in it.
  package let size: UInt64
  private let path: String

  /// The area of the running machine; nil where there is none, or it is released already.
  package init?(root: String) {
    path = "\(root.hasSuffix("/") ? String(root.dropLast()) : root)/sys/kernel/debug/zcore/hsa"
    guard let file = try? FileSource(path: path) else { return nil }
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe try? file.read(at: 0, into: $0) }
    let text = String(decoding: bytes[..<(count ?? 0)].prefix { $0 > 0x20 }, as: UTF8.self)
    guard let size = UInt64(text, radix: 16), size > 0 else { return nil }
    self.size = size
  }

  /// Gives it back.
  ///
  /// - Returns: why it cannot be; nil where it is.
  package func release() -> String? {
    do {
      let descriptor = try FileDescriptor.open(
        FilePath(named: path), .writeOnly, options: [.truncate, .closeOnExec])
      _ = try descriptor.closeAfter { try descriptor.writeAll(Array("0".utf8)) }
      return nil
    } catch {
      return "\(path): cannot be released: \(describe(error))"
    }
  }
}
