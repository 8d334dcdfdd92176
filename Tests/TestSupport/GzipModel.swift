import CZlib

/// A gzip file read member by member (RFC 1952).
package enum GzipModel {
  /// Bytes that are no gzip member.
  package struct Damaged: Error {}

  /// What each member holds.
  package static func members(_ file: [UInt8]) throws -> [[UInt8]] {
    var members: [[UInt8]] = []
    var place = 0
    while place < file.count {
      let (content, size) = try member(Array(file[place...]))
      members.append(content)
      place += size
    }
    return members
  }

  /// The first member, and the bytes that it takes.
  private static func member(_ bytes: [UInt8]) throws -> ([UInt8], Int) {
    var packed = bytes
    var content = [UInt8](repeating: 0, count: 1 << 19)
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    // 16 more than the window: a gzip header is expected.
    guard czlib_inflate_init(stream, 15 + 16) == Z_OK else { throw Damaged() }
    defer { inflateEnd(stream) }
    let (result, written, left) = packed.withUnsafeMutableBufferPointer { input in
      content.withUnsafeMutableBufferPointer { output in
        stream.pointee.next_in = input.baseAddress
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        let result = inflate(stream, Z_FINISH)
        return (
          result, output.count - Int(stream.pointee.avail_out), Int(stream.pointee.avail_in)
        )
      }
    }
    guard result == Z_STREAM_END else { throw Damaged() }
    return (Array(content[..<written]), bytes.count - left)
  }
}
