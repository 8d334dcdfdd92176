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

    /// An entry that nobody filled in.
    package static let null = Segment(
      type: 0, physical: 0, virtual: 0, memorySize: nil, fileSize: nil, data: [])
  }

  /// 32 or 64.
  package var bits = 64
  /// The byte order.
  package var order = RecipeOrder.little
  /// e_machine.
  package var machine: UInt64 = 62
  /// The table.
  package var segments: [Segment]
  /// e_flags.
  package var flags: UInt64 = 0
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
    var bytes = header.bytes + [UInt8](repeating: 0, count: gap)
    for (segment, place) in zip(segments, places) { bytes += entry(segment, at: place).bytes }
    if hasExtendedCount { bytes += extendedCount.bytes }
    for (segment, place) in zip(segments, places) {
      bytes += [UInt8](repeating: 0, count: place - bytes.count) + segment.data
    }
    return bytes
  }

  /// Where a field stands, by its C name: of the ELF header, or of the section header that holds
  /// the extended count.
  package func offset(of field: String) -> Int? {
    header.offset(of: field)
      ?? extendedCount.offset(of: field).map { size + gap + segments.count * entrySize + $0 }
  }

  /// Where a field of a segment's program header stands, by its C name.
  package func offset(of field: String, ofSegment index: Int) -> Int? {
    entry(segments[index], at: 0).offset(of: field).map { size + gap + index * entrySize + $0 }
  }

  private var header: FieldBytes {
    var record = FieldBytes(order)
    let identity: [UInt8] = [
      0x7f, 0x45, 0x4c, 0x46, bits == 64 ? 2 : 1, order == .big ? 2 : 1, 1,
    ]
    record.add("e_ident", identity + [UInt8](repeating: 0, count: 9))
    record.add("e_type", 4, width: 2)
    record.add("e_machine", machine, width: 2)
    record.add("e_version", 1, width: 4)
    record.add("e_entry", 0, width: width)
    record.add("e_phoff", tableOffset ?? UInt64(size + gap), width: width)
    let sections = hasExtendedCount ? UInt64(size + gap + segments.count * entrySize) : 0
    record.add("e_shoff", sections, width: width)
    record.add("e_flags", flags, width: 4)
    record.add("e_ehsize", headerSize ?? UInt64(size), width: 2)
    record.add("e_phentsize", UInt64(entrySize), width: 2)
    record.add("e_phnum", hasExtendedCount ? 0xffff : UInt64(segments.count), width: 2)
    record.add("e_shentsize", hasExtendedCount ? 64 : 0, width: 2)
    record.add("e_shnum", hasExtendedCount ? 1 : 0, width: 2)
    record.add("e_shstrndx", 0, width: 2)
    return record
  }

  private func entry(_ segment: Segment, at place: Int) -> FieldBytes {
    let fileSize = segment.fileSize ?? UInt64(segment.data.count)
    var record = FieldBytes(order)
    record.add("p_type", segment.type, width: 4)
    if bits == 64 { record.add("p_flags", 7, width: 4) }
    record.add("p_offset", UInt64(place), width: width)
    record.add("p_vaddr", segment.virtual, width: width)
    record.add("p_paddr", segment.physical, width: width)
    record.add("p_filesz", fileSize, width: width)
    record.add("p_memsz", segment.memorySize ?? fileSize, width: width)
    if bits == 32 { record.add("p_flags", 7, width: 4) }
    record.add("p_align", 0, width: width)
    return record
  }

  /// A section header whose sh_info is the number of program headers.
  private var extendedCount: FieldBytes {
    var record = FieldBytes(order)
    record.add("sh_name", 0, width: 4)
    record.add("sh_type", 0, width: 4)
    for field in ["sh_flags", "sh_addr", "sh_offset", "sh_size"] {
      record.add(field, 0, width: width)
    }
    record.add("sh_link", 0, width: 4)
    record.add("sh_info", UInt64(segments.count), width: 4)
    record.add("", [UInt8](repeating: 0, count: 64 - record.bytes.count))
    return record
  }
}
