/// The flattened form of a file, as makedumpfile, QEMU or a test would write it.
package struct FlattenedFileModel: Sendable {
  /// The records in the order of the file.
  package var records: [(offset: Int, bytes: [UInt8])] = []
  /// Whether the end marker is there.
  package var hasEnd = true

  /// Bytes that a flattened file is known by.
  package static let signatureSize = 16

  /// No record.
  package init() {}

  /// A file in pieces of any length, in any order, with stale pieces that later ones overwrite.
  package init(shuffling content: [UInt8], seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var offset = 0
    while offset < content.count {
      let count = min(Int.random(in: 1...20_000, using: &generator), content.count - offset)
      records.append((offset, Array(content[offset..<offset + count])))
      offset += count
    }
    records.shuffle(using: &generator)
    let stale = (0..<8).map { _ -> (Int, [UInt8]) in
      let start = Int.random(in: 0..<content.count, using: &generator)
      let count = min(Int.random(in: 1...5000, using: &generator), content.count - start)
      return (start, [UInt8](repeating: 0xee, count: count))
    }
    records = stale + records
  }

  /// A file in pieces of at most `size` bytes in order, without the zeros: blocks of 16 bytes of
  /// them are holes.
  package init(leavingOutZerosOf content: [UInt8], size: Int = 4096) {
    for start in stride(from: 0, to: content.count, by: 16) {
      let block = Array(content[start..<min(start + 16, content.count)])
      let isLast = start + 16 >= content.count
      guard isLast || block.contains(where: { $0 != 0 }) else { continue }
      if let last = records.last, last.offset + last.bytes.count == start,
        last.bytes.count + block.count <= size
      {
        records[records.count - 1].bytes += block
      } else {
        records.append((start, block))
      }
    }
  }

  /// The whole flattened file.
  package var bytes: [UInt8] {
    let order = RecipeOrder.big
    var bytes = Array("makedumpfile\0\0\0\0".utf8) + order.bytes(1, width: 8)
    bytes += order.bytes(1, width: 8)
    bytes += [UInt8](repeating: 0, count: 4096 - bytes.count)
    for record in records {
      bytes += order.bytes(UInt64(record.offset), width: 8)
      bytes += order.bytes(UInt64(record.bytes.count), width: 8)
      bytes += record.bytes
    }
    if hasEnd { bytes += [UInt8](repeating: 0xff, count: 16) }
    return bytes
  }
}
