import CZlib
import Foundation

/// A file packed as people pack it: by zlib, or by the command that everybody has for it.
package enum PackedFileModel {
  /// One gzip member, or one zlib stream with a window of 2 to the power of `windowBits`.
  package static func deflated(
    _ bytes: [UInt8], isGzip: Bool, level: Int32 = 6, windowBits: Int32 = 15
  ) -> [UInt8] {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    let bits = isGzip ? windowBits + 16 : windowBits
    guard czlib_deflate_init(stream, level, bits) == Z_OK else { return [] }
    defer { deflateEnd(stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count + bytes.count / 100 + 1000)
    return input.withUnsafeMutableBufferPointer { input in
      let count = output.withUnsafeMutableBufferPointer { output in
        stream.pointee.next_in = input.baseAddress
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        return deflate(stream, Z_FINISH) == Z_STREAM_END
          ? output.count - Int(stream.pointee.avail_out) : 0
      }
      return Array(output.prefix(count))
    }
  }

  /// What a command makes of some bytes; nil where it is not installed.
  package static func packed(_ bytes: [UInt8], by command: [String]) throws -> [UInt8]? {
    guard let tool = OutsideTool(command[0]) else { return nil }
    let directory = try TemporaryDirectory()
    let path = try directory.file(bytes, named: "input")
    return try tool.run(Array(command.dropFirst()), input: path).output
  }

  /// A small file packed in each way that can be used here, by name.
  package static var smallFiles: [String: [UInt8]] {
    let content = SmallDumps.page(1) + [UInt8](repeating: 0, count: 10_000) + SmallDumps.page(2)
    var files = [
      "gzip-1": deflated(content, isGzip: true), "zlib-1": deflated(content, isGzip: false),
      "zlib-11": deflated(content, isGzip: false, windowBits: 11),
    ]
    for (name, command) in commands {
      files[name] = try? packed(content, by: command)
      files["gzip-\(name)"] = files[name].map { deflated($0, isGzip: true) }
    }
    files["twice"] = (files["gzip-1"] ?? []) + (files["gzip-1"] ?? [])
    return files
  }

  /// The commands that pack, by the name of the form.
  package static let commands: [String: [String]] = [
    "gzip": ["gzip", "-c"], "bzip2": ["bzip2", "-c"], "xz": ["xz", "-cq"],
    "zstd": ["zstd", "-cq"], "lz4": ["lz4", "-cq"],
  ]
}
