/// Dumps of s390 machines: of zgetdump, and of the stand-alone dumpers.
package struct S390DumpModel: Sendable {
  /// The memory from address 0 on, whole pages.
  package var memory: [UInt8]
  /// Bytes of a block of the disk.
  package var blockSize = 4096
  /// Bytes that are packed by themselves; nil: nothing is packed.
  package var entrySize: Int?
  /// Bytes at the end of a volume that are not used when another one follows: too few for one
  /// more segment of a MiB.
  package var unusedSize = (1 << 20) + 4096 - 512
  /// Bytes of a segment.
  package var segmentSize = 0x10000

  /// A machine with this memory.
  package init(_ memory: [UInt8]) {
    self.memory = memory
  }

  private let order = RecipeOrder.big

  private func header(_ magic: UInt64, volume: UInt64? = nil) -> [UInt8] {
    var page = [UInt8](repeating: 0, count: 4096)
    func put(_ value: UInt64, _ width: Int, at place: Int) {
      page.replaceSubrange(place..<place + width, with: order.bytes(value, width: width))
    }
    put(magic, 8, at: 0)
    put(entrySize == nil ? 5 : 2, 4, at: 8)
    put(4096, 4, at: 0xc)
    put(4, 4, at: 0x10)
    put(4096, 4, at: 0x14)
    put(UInt64(memory.count), 8, at: 0x18)
    put(UInt64(memory.count), 8, at: 0x28)
    put(UInt64(memory.count / 4096), 4, at: 0x30)
    put(0xdcba_0000_0000_0000, 8, at: 0x38)
    put(2, 4, at: 0x48)
    if let volume {
      put(volume, 4, at: 0x4c)
      put(1, 1, at: 0x5c)
      put(magic, 8, at: 0x200)
    }
    if let entrySize {
      put(1, 1, at: 0x61)
      put(UInt64(entrySize), 4, at: 0x62)
    }
    return page
  }

  private var end: [UInt8] { Array("DUMP_END".utf8) + order.bytes(0xdcba_0000_0000_1000, width: 8) }

  /// All of it behind a header.
  package var plain: [UInt8] { header(0xa819_0173_618f_23fd) + memory + end }

  // MARK: Segments

  private struct Segment {
    var start: Int
    var bytes: [UInt8]
  }

  /// What is not zero, in pieces of the segment size.
  private var segments: [Segment] {
    stride(from: 0, to: memory.count, by: segmentSize).compactMap { start in
      let bytes = [UInt8](memory[start..<min(start + segmentSize, memory.count)])
      return bytes.allSatisfy { $0 == 0 } ? nil : Segment(start: start, bytes: bytes)
    }
  }

  /// A segment's head and data.
  private func stored(_ segment: Segment, isLast: Bool, isPacked: Bool) -> [UInt8] {
    var entries: [UInt64] = []
    var data: [UInt8] = []
    if isPacked, let entrySize {
      for start in stride(from: 0, to: segment.bytes.count, by: entrySize) {
        let part = [UInt8](segment.bytes[start..<min(start + entrySize, segment.bytes.count)])
        let stream = KdumpFileModel.deflated(part)
        let isPlain = stream.count >= part.count
        entries.append(UInt64(data.count / blockSize) | (isPlain ? 1 << 31 : 0))
        data += isPlain ? part : stream
        data += [UInt8](repeating: 0, count: (blockSize - data.count % blockSize) % blockSize)
      }
    } else {
      data = segment.bytes
    }
    var page = order.bytes(UInt64(segment.start), width: 8)
    page += order.bytes(UInt64(segment.bytes.count), width: 8)
    page += order.bytes(isLast ? .max : 0, width: 8)
    page += order.bytes(UInt64(entries.isEmpty ? 0 : data.count / blockSize), width: 4)
    page += [UInt8](repeating: 0, count: 0x30 - page.count)
    page += order.bytes(UInt64(entries.count), width: 4)
    page += entries.flatMap { order.bytes($0, width: 4) }
    return page + [UInt8](repeating: 0, count: 4096 - page.count) + data
  }

  /// A dump on one partition, with old bytes behind it.
  package var extended: [UInt8] {
    var bytes = header(0xa819_0173_618f_23fe)
    let segments = segments
    for (index, segment) in segments.enumerated() {
      // The first one is never packed.
      bytes += stored(segment, isLast: index + 1 == segments.count, isPacked: index > 0)
    }
    return bytes + end
  }

  /// A dump on so many partitions, each of which ends with room that is not used.
  package func volumes(_ count: Int) -> [[UInt8]] {
    let segments = segments
    let share = (segments.count + count - 1) / count
    return (0..<count).map { volume in
      var bytes = header(0xa819_0173_618f_23fe, volume: UInt64(volume))
      let own = volume * share..<min((volume + 1) * share, segments.count)
      for index in own {
        bytes += stored(segments[index], isLast: index + 1 == segments.count, isPacked: false)
      }
      return bytes + (volume + 1 == count ? end : [UInt8](repeating: 0x77, count: unusedSize))
    }
  }
}
