/// An ELF core file put together from its segments, as tidy or untidy as a test wants it.
package struct ELFFileModel: Sendable {
  /// One program header and the bytes that it points at.
  package struct Segment: Sendable {
    /// p_type: 1 is PT_LOAD, 4 is PT_NOTE.
    package var type: UInt64
    /// p_paddr.
    package var physical: UInt64
    /// p_vaddr.
    package var virtual: UInt64
    /// p_memsz; nil: as many as there are bytes.
    package var memorySize: UInt64?
    /// p_filesz; nil: as many as there are bytes.
    package var fileSize: UInt64?
    /// The bytes.
    package var data: [UInt8]

    /// A PT_LOAD.
    package static func load(
      _ physical: UInt64, _ data: [UInt8], memory: UInt64? = nil, file: UInt64? = nil
    ) -> Segment {
      Segment(
        type: 1, physical: physical, virtual: physical &+ 0x8000_0000, memorySize: memory,
        fileSize: file, data: data)
    }

    /// A PT_NOTE.
    package static func note(_ data: [UInt8], file: UInt64? = nil) -> Segment {
      Segment(
        type: 4, physical: 0, virtual: 0, memorySize: nil, fileSize: file, data: data)
    }
  }

  /// 32 or 64.
  package var bits = 64
  /// The byte order.
  package var order = RecipeOrder.little
  /// e_machine.
  package var machine: UInt64 = 62
  /// The table.
  package var segments: [Segment]
  /// Bytes between the ELF header and the table.
  package var gap = 0
  /// e_ehsize, where it is not the true one.
  package var headerSize: UInt64?
  /// e_phoff, where it is not the true one.
  package var tableOffset: UInt64?
  /// Whether e_phnum is 0xffff and the count stands in a section header.
  package var hasExtendedCount = false
  /// What the place of each segment's bytes is a multiple of.
  package var alignment = 1

  /// A file of these segments.
  package init(_ segments: [Segment]) {
    self.segments = segments
  }

  private var size: Int { bits == 64 ? 64 : 52 }
  private var entrySize: Int { bits == 64 ? 56 : 32 }
  private var width: Int { bits / 8 }

  /// The offset of the bytes of each segment.
  package var places: [Int] {
    var place = size + gap + segments.count * entrySize
    if hasExtendedCount { place += 64 }
    return segments.map { segment in
      place = (place + alignment - 1) / alignment * alignment
      defer { place += segment.data.count }
      return place
    }
  }

  /// The whole file.
  package var bytes: [UInt8] {
    var bytes = header + [UInt8](repeating: 0, count: gap)
    for (segment, place) in zip(segments, places) { bytes += entry(segment, at: place) }
    if hasExtendedCount { bytes += extendedCount }
    for (segment, place) in zip(segments, places) {
      bytes += [UInt8](repeating: 0, count: place - bytes.count) + segment.data
    }
    return bytes
  }

  private var header: [UInt8] {
    var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, bits == 64 ? 2 : 1, order == .big ? 2 : 1, 1]
    bytes += [UInt8](repeating: 0, count: 9)
    bytes += order.bytes(4, width: 2) + order.bytes(machine, width: 2)
    bytes += order.bytes(1, width: 4) + order.bytes(0, width: width)
    bytes += order.bytes(tableOffset ?? UInt64(size + gap), width: width)
    let sections = hasExtendedCount ? UInt64(size + gap + segments.count * entrySize) : 0
    bytes += order.bytes(sections, width: width) + order.bytes(0, width: 4)
    bytes += order.bytes(headerSize ?? UInt64(size), width: 2)
    bytes += order.bytes(UInt64(entrySize), width: 2)
    bytes += order.bytes(hasExtendedCount ? 0xffff : UInt64(segments.count), width: 2)
    bytes += order.bytes(hasExtendedCount ? 64 : 0, width: 2)
    bytes += order.bytes(hasExtendedCount ? 1 : 0, width: 2) + order.bytes(0, width: 2)
    return bytes
  }

  private func entry(_ segment: Segment, at place: Int) -> [UInt8] {
    let count = UInt64(segment.data.count)
    let type = order.bytes(segment.type, width: 4)
    let flags = order.bytes(7, width: 4)
    let fileSize = segment.fileSize ?? count
    let words = [
      UInt64(place), segment.virtual, segment.physical, fileSize, segment.memorySize ?? fileSize,
    ].flatMap { order.bytes($0, width: width) }
    let alignment = order.bytes(0, width: width)
    return bits == 64 ? type + flags + words + alignment : type + words + flags + alignment
  }

  /// A section header whose sh_info is the number of program headers.
  private var extendedCount: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 64)
    let place = bits == 64 ? 44 : 28
    bytes.replaceSubrange(
      place..<place + 4, with: order.bytes(UInt64(segments.count), width: 4))
    return bytes
  }
}
