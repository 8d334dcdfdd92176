/// The state file of a VMware machine, with its memory inside or in a .vmem file.
package struct VMwareModel: Sendable {
  /// The memory, whole pages.
  package var parts: [MemoryPart]
  /// The mark of the file.
  package var id: UInt64 = 0xbed2_bed2
  /// Whether the memory is inside.
  package var holdsMemory = false
  /// Whether the regions are told; else address = offset.
  package var hasRegions = true

  /// A machine with this memory.
  package init(_ parts: [MemoryPart]) {
    self.parts = parts
  }

  private let order = RecipeOrder.little

  /// The .vmem file.
  package var memory: [UInt8] { parts.joined }

  /// The .vmss or .vmsn file: some other group, then that of the memory.
  package var state: [UInt8] {
    let names = ["cpu", "memory"]
    let groups = [processors, tags(at: 12 + 80 * names.count + 4 + processors.count)]
    var bytes = order.bytes(id, width: 4) + order.bytes(0x12, width: 4)
    bytes += order.bytes(UInt64(names.count), width: 4)
    var place = 12 + 80 * names.count + 4
    for (name, group) in zip(names, groups) {
      bytes += Array(name.utf8) + [UInt8](repeating: 0, count: 64 - name.utf8.count)
      bytes += order.bytes(UInt64(place), width: 8) + order.bytes(UInt64(group.count), width: 8)
      place += group.count
    }
    return bytes + [0, 0, 0, 0] + groups.joined()
  }

  private var processors: [UInt8] {
    value("cpu:numVCPUs", [], 1) + value("rip", [0], 0xffff_ffff_8100_0000, width: 8)
      + block("gpregs", [0], [UInt8](repeating: 5, count: 128), at: 0) + [0, 0]
  }

  private func tags(at place: Int) -> [UInt8] {
    var bytes = value("align_mask", [0, 0], 0xffff) + value("regionsCount", [], count)
    var page: UInt64 = 0
    if hasRegions {
      for (index, part) in parts.enumerated() {
        let pages = UInt64(part.bytes.count / 4096)
        bytes += value("regionPageNum", [UInt64(index)], page)
        bytes += value("regionPPN", [UInt64(index)], part.address / 4096)
        bytes += value("regionSize", [UInt64(index)], pages)
        page += pages
      }
    }
    if holdsMemory {
      bytes += block("Memory", [0, 0], memory, at: place + bytes.count)
    }
    return bytes + [0, 0]
  }

  private var count: UInt64 { hasRegions ? UInt64(parts.count) : 0 }

  private func tag(_ name: String, _ indices: [UInt64], _ size: Int) -> [UInt8] {
    let word = UInt64(name.utf8.count << 8 | indices.count << 6 | size)
    return order.bytes(word, width: 2) + Array(name.utf8)
      + indices.flatMap { order.bytes($0, width: 4) }
  }

  private func value(
    _ name: String, _ indices: [UInt64], _ number: UInt64, width: Int = 4
  ) -> [UInt8] {
    tag(name, indices, width) + order.bytes(number, width: width)
  }

  /// A block whose bytes begin at a multiple of 16.
  private func block(
    _ name: String, _ indices: [UInt64], _ content: [UInt8], at place: Int
  ) -> [UInt8] {
    let width = id == 0xbed0_bed0 ? 4 : 8
    let head = tag(name, indices, 0x3f)
    let size = order.bytes(UInt64(content.count), width: width)
    let end = place + head.count + 2 * width + 2
    let padding = (16 - end % 16) % 16
    return head + size + size + order.bytes(UInt64(padding), width: 2)
      + [UInt8](repeating: 0xee, count: padding) + content
  }

  /// A .guest file of that memory, which must have at most three parts, the first at address 0.
  package func guest(version: UInt64) -> [UInt8] {
    let gaps: [UInt64: Int] = [1: 13, 3: 14, 4: 14, 5: 14, 6: 15, 7: 8]
    let width = version == 1 ? 4 : 8
    let end = parts.last.map { $0.address + UInt64($0.bytes.count) } ?? 0
    var holes: [(UInt64, UInt64)] = []
    for (part, next) in zip(parts, parts.dropFirst()) {
      let start = part.address + UInt64(part.bytes.count)
      holes.append((start / 4096, (next.address - start) / 4096))
    }
    var bytes = order.bytes(version, width: 4) + order.bytes(1, width: 4)
    bytes += [UInt8](repeating: 0x77, count: gaps[version] ?? 0) + order.bytes(end - 1, width: 8)
    bytes += order.bytes(UInt64(memory.count / 4096), width: width) + [9, 9, 9, 9]
    bytes += order.bytes(UInt64(holes.count), width: 4)
    for index in 0..<2 {
      let hole = index < holes.count ? holes[index] : (0, 0)
      bytes += order.bytes(hole.0, width: width) + order.bytes(hole.1, width: width)
    }
    return bytes + [UInt8](repeating: 3, count: 8192)
  }
}
