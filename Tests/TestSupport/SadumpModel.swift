/// A dump of Fujitsu's firmware.
package struct SadumpModel: Sendable {
  /// The memory, whole pages; pages of zeros are not stored.
  package var parts: [MemoryPart]
  /// The version of the dump header.
  package var version: UInt64 = 1
  /// Bytes of a block.
  package var blockSize = 4096

  /// A machine with this memory.
  package init(_ parts: [MemoryPart]) {
    self.parts = parts
  }

  private let order = RecipeOrder.little

  private var frames: Int {
    parts.map { Int($0.address) + $0.bytes.count }.max().map { $0 / blockSize } ?? 0
  }

  /// The stored pages in order.
  private var pages: [(frame: Int, bytes: [UInt8])] {
    parts.flatMap { part in
      stride(from: 0, to: part.bytes.count, by: blockSize).map { start in
        (
          (Int(part.address) + start) / blockSize,
          [UInt8](part.bytes[start..<start + blockSize])
        )
      }
    }
  }

  private func bitmap(_ frames: [Int]) -> [UInt8] {
    let size = (self.frames + 7) / 8
    var bits = [UInt8](repeating: 0, count: (size + blockSize - 1) / blockSize * blockSize)
    for frame in frames { bits[frame / 8] |= 0x80 >> UInt8(frame % 8) }
    return bits
  }

  private func partition(disk: UInt64, used: Int) -> [UInt8] {
    var bytes = Array("sadump\0\0".utf8) + order.bytes(1, width: 4) + order.bytes(0, width: 12)
    bytes += [UInt8](repeating: 0, count: 0x58 - bytes.count)
    bytes += [UInt8](repeating: 0xa1, count: 16) + [UInt8](repeating: 0xa2, count: 16)
    bytes += [UInt8](repeating: UInt8(disk), count: 16) + [UInt8](repeating: 0, count: 16)
    bytes += order.bytes(disk, width: 4) + [0, 0, 0, 0] + order.bytes(UInt64(used), width: 8)
    var word: UInt32 = 3
    while bytes.count < 4096 {
      bytes += order.bytes(UInt64(word), width: 4)
      word = (word &+ 7) &* 11
    }
    return bytes
  }

  /// Dump header, CPU states and bitmaps.
  private var headers: [UInt8] {
    let pages = pages
    let ram = bitmap(pages.map(\.frame))
    let dumped = bitmap(pages.filter { $0.bytes.contains { $0 != 0 } }.map(\.frame))
    var bytes = Array("sadump\0\0".utf8) + order.bytes(version, width: 4)
    bytes += [UInt8](repeating: 0, count: 0x28 - bytes.count)
    let blocks = UInt64(ram.count / blockSize)
    for field in [UInt64(blockSize), 0, 1, blocks, blocks, UInt64(frames)] {
      bytes += order.bytes(field, width: 4)
    }
    bytes += [UInt8](repeating: 0, count: 0x50 - bytes.count)
    bytes += order.bytes(1, width: 4) + [0, 0, 0, 0]
    if version >= 1 { bytes += order.bytes(UInt64(frames), width: 8) }
    bytes += [UInt8](repeating: 0, count: blockSize - bytes.count)
    let states = order.bytes(1024, width: 4) + [UInt8](repeating: 0x5a, count: blockSize - 4)
    return bytes + states + ram + dumped
  }

  private var data: [UInt8] {
    pages.filter { $0.bytes.contains { $0 != 0 } }.flatMap(\.bytes)
  }

  /// On one partition.
  package var single: [UInt8] {
    let rest = headers + data
    return partition(disk: 0, used: 4096 + rest.count) + rest
  }

  /// A file of a backup.
  package var media: [UInt8] {
    let identifiers = [UInt8](repeating: 0xa1, count: 16) + [UInt8](repeating: 0xa2, count: 16)
    let head = identifiers + [UInt8](repeating: 0, count: 16) + [1, 0, 0, 1]
    return head + [UInt8](repeating: 0, count: 4096 - head.count) + single
  }

  /// On a set of so many disks.
  package func disks(_ count: Int) -> [[UInt8]] {
    var setHead = order.bytes(1, width: 4) + order.bytes(UInt64(count), width: 4)
    setHead += [UInt8](repeating: 0, count: 4096 - setHead.count)
    let first = setHead + headers
    let data = data
    let share = (data.count / blockSize + count - 1) / count * blockSize
    return (0..<count).map { disk in
      let part = [UInt8](data[min(disk * share, data.count)..<min((disk + 1) * share, data.count)])
      let rest = (disk == 0 ? first : []) + part
      // Old bytes stand behind what is used.
      return partition(disk: UInt64(disk + 1), used: 4096 + rest.count) + rest
        + [UInt8](repeating: 0xee, count: 4096)
    }
  }
}
