/// Frames of Zstandard (RFC 8878) made of plain blocks and of blocks of one value.
package enum ZstdModel {
  /// One frame of at most 64 KiB.
  package static func frame(_ bytes: [UInt8]) -> [UInt8] {
    let size = bytes.count < 256 ? [UInt8(bytes.count)] : SnappyModel.little(bytes.count - 256, 2)
    var packed = [0x28, 0xb5, 0x2f, 0xfd, bytes.count < 256 ? 0x20 : 0x60] + size
    var rest = bytes[...]
    repeat {
      let run = rest.prefix { $0 == rest.first }.count
      if run >= 8 || rest.isEmpty {
        packed += header(type: run == 0 ? 0 : 1, run, isLast: run == rest.count)
        packed += rest.prefix(run == 0 ? 0 : 1)
        rest = rest.dropFirst(run)
      } else {
        var count = 0
        while count < rest.count,
          rest.dropFirst(count).prefix(8).count < 8
            || Set(rest.dropFirst(count).prefix(8)).count > 1
        {
          count += 1
        }
        packed += header(type: 0, count, isLast: count == rest.count) + rest.prefix(count)
        rest = rest.dropFirst(count)
      }
    } while !rest.isEmpty
    return packed
  }

  private static func header(type: Int, _ count: Int, isLast: Bool) -> [UInt8] {
    SnappyModel.little((isLast ? 1 : 0) | type << 1 | count << 3, 3)
  }
}
