internal import Bytes
internal import DumpRecords

extension ImageFormat {
  /// An s390 dump of `zgetdump -f s390`: all memory behind a header.
  package static let s390 = ImageFormat(
    name: "s390", accepts: [], recognizes: { S390Image.kind(of: $0) == .plain },
    open: S390Image.openPlain)

  /// What a stand-alone dumper of s390 wrote to a partition, or to several: segments of what is
  /// not zero, perhaps packed.
  package static let s390Extended = ImageFormat(
    name: "s390_ext", accepts: .parts, recognizes: { S390Image.kind(of: $0) == .segments },
    open: S390Image.openSegments)
}

private enum S390Image {
  static func kind(of head: [UInt8]) -> S390DumpHeader.Kind? {
    let mark: UInt64? = try? ByteReader(head, order: S390DumpHeader.order).peek(at: 0)
    return mark.flatMap(S390DumpHeader.Kind.init)
  }

  static func openPlain(_ input: ImageInput, _: ImageOptions) throws(ImageError) -> MemoryImage {
    let header = try header(of: input.source)
    var ranges = StoredRanges(in: input.source)
    let start = UInt64(header.headerSize)
    guard ranges.add(at: 0, length: header.memorySize, offset: start), !ranges.pieces.isEmpty else {
      throw ImageError(
        .unusable,
        "\(input.name): mem_size is \(header.memorySize.hex), expected memory behind the header "
          + "at \(start.hex)")
    }
    var warnings = ranges.warnings
    if warnings.isEmpty {
      let mark = try rethrow(
        as: ImageError.init(reading:),
        input.source.bytes(at: start + header.memorySize, count: S390DumpHeader.endSize))
      if mark.count < S390DumpHeader.endSize || !mark.starts(with: S390DumpHeader.endMark) {
        warnings.append(S390Image.noEnd(at: start + header.memorySize))
      }
    }
    return MemoryImage(of: input, as: .s390, memory: ranges.memory, warnings: warnings)
  }

  static func openSegments(_ input: ImageInput, _: ImageOptions) throws(ImageError) -> MemoryImage {
    var first = try header(of: input.source)
    var warnings: [Finding] = []
    if let size = first.otherSize {
      warnings.append(
        Finding(
          "mem_size is \(first.memorySize.hex), and mem_end and num_pages say \(size.hex), which is "
            + "taken", isPartial: true))
      first.memorySize = size
    }
    var volumes = [(number: first.volume, source: input.source)]
    for part in input.parts {
      let header = try header(of: part.source)
      guard header.isMultiVolume, first.isMultiVolume, header.kind == first.kind else {
        throw ImageError(
          .usage,
          "\(.parts) \(part.name): goes with the other volumes of a multi-volume dump, and one of "
            + "the two files is none")
      }
      volumes.append((header.volume, part.source))
    }
    volumes.sort { $0.number < $1.number }
    for (index, volume) in volumes.enumerated() where volume.number != UInt32(index) {
      throw ImageError(
        .usage,
        "\(volume.source.name): is volume \(volume.number) of the dump, expected \(index): "
          + "\(.parts) names all of them")
    }
    let isPacked = first.zlibVersion != 0
    guard !isPacked || (4096...1 << 22).contains(first.zlibEntrySize) else {
      throw ImageError(
        .unusable,
        "\(input.name): zlib_entry_size is \(first.zlibEntrySize), expected 4096 to 4194304")
    }
    let chain = try rethrow(
      as: ImageError.init(reading:),
      S390Chain.best(
        of: volumes.map(\.source), memorySize: first.memorySize,
        entrySize: isPacked ? UInt64(first.zlibEntrySize) : nil, input.budget))
    return try image(of: input, chain, memorySize: first.memorySize, warnings)
  }

  private static func image(
    of input: ImageInput, _ chain: S390Chain, memorySize: UInt64, _ warnings: [Finding]
  ) throws(ImageError) -> MemoryImage {
    guard memorySize <= PhysicalAddress.end, !chain.regions.isEmpty,
      let stored = try? PhysicalMemory(regions: chain.regions)
    else {
      throw ImageError(
        .unusable, "\(input.name): no segment of memory is behind its header")
    }
    // What no segment has is zero, up to where they were written.
    let known = chain.isComplete ? memorySize : chain.end
    let zeros = RangeSet(chain.regions.map(\.range)).union(RangeSet(chain.missing))
      .gaps(in: 0..<known).ranges
    return MemoryImage(
      of: input, as: .s390Extended, memory: stored.filling(zeros, name: input.source.name),
      warnings: warnings + chain.warnings, damage: chain.damage)
  }

  private static func header(of source: any ByteSource) throws(ImageError) -> S390DumpHeader {
    let bytes = try rethrow(
      as: ImageError.init(reading:), source.bytes(at: 0, count: S390DumpHeader.size))
    guard let header = try? S390DumpHeader(bytes) else {
      throw ImageError(
        .unusable, "\(source.name): ends inside the header of an s390 dump, or has none")
    }
    guard header.headerSize == UInt32(S390DumpHeader.size) else {
      throw ImageError(
        .unusable,
        "\(source.name): hdr_size is \(header.headerSize), expected \(S390DumpHeader.size)")
    }
    return header
  }

  static func noEnd(at place: UInt64) -> Finding {
    Finding("no end mark is at \(place.hex): the dump was not finished", isPartial: true)
  }
}
