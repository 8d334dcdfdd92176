internal import Bytes
internal import DumpRecords

extension ImageFormat {
  /// An ELF core file of a whole machine: `/proc/vmcore`, makedumpfile's copies of it, QEMU's
  /// `dump-guest-memory`.
  package static let elf = ImageFormat(
    name: "ELF core", accepts: [], recognizes: ELFCoreImage.recognizes, open: ELFCoreImage.open)
}

/// Reads what any producer writes: program headers anywhere, several notes, loads in any order,
/// overlaps (the first load wins), a file that ends early. Section headers are not looked at,
/// but for the number of program headers where `e_phnum` has no room for it.
private enum ELFCoreImage {
  static func recognizes(_ head: [UInt8]) -> Bool {
    guard head.count >= 18, head.starts(with: ELFHeader.magic), ELFClass(rawValue: head[4]) != nil,
      let order = ELFHeader.order(of: head[5])
    else { return false }
    return ByteReader(head, order: order).coreType == ELFHeader.coreType
      || (try? ELFHeader(head))?.type == ELFHeader.coreType
  }

  static func open(_ input: ImageInput, _: ImageOptions) throws(ImageError) -> MemoryImage {
    try refuseProtected(input)
    let table = try ELFCoreTable(input.source, input.budget)
    let map = PieceMap(firstWins: table.pieces)
    let header = CoreHeader(header: table.header, segments: table.segments)
    guard let header, !map.pieces.isEmpty || !table.missing.isEmpty else {
      throw ImageError(
        .unusable, "\(input.name): the ELF core file holds no memory, expected a PT_LOAD with data")
    }
    if map.pieces.isEmpty, isKernelCore(header) {
      throw ImageError(
        .unusable,
        "\(input.name): is the head of a copy of /proc/kcore, which no copy has the memory of: dump "
          + "the running machine with AVML or LiME, or read it with 'crash' or 'drgn' where it runs"
      )
    }
    return MemoryImage(
      ofDump: input, as: .elf, memory: PhysicalMemory(map, in: input.source),
      stored: StoredCore(
        header: header, file: input.source, hasLoadsInFile: true,
        isWellPlaced: table.isWellPlaced, missing: table.missing),
      warnings: table.warnings)
  }
}

extension ELFCoreImage {
  /// Whether a header is that of `/proc/kcore` (`fs/proc/kcore.c`): the place of each load in the
  /// file is its virtual address less the lowest one, so that they spread over terabytes.
  private static func isKernelCore(_ header: CoreHeader) -> Bool {
    let loads = header.segments(of: .load).map(\.segment)
    guard let first = loads.first, loads.count > 1,
      loads.contains(where: { $0.offset >= 1 << 40 })
    else { return false }
    return loads.allSatisfy {
      $0.virtualAddress &- $0.offset == first.virtualAddress &- first.offset
    }
  }

  /// A core of a protected guest of s390x looks like any other, but its memory is encrypted.
  private static func refuseProtected(_ input: ImageInput) throws(ImageError) {
    guard
      let sections = try rethrow(as: ImageError.init(reading:), ELFSections(input.source)),
      ["pv_mem_meta", "pv_compl"].contains(where: { sections.place(of: $0) != nil })
    else { return }
    throw ImageError(
      .unusable,
      "\(input.name): is the core of a protected guest (it has a section pv_mem_meta or pv_compl), "
        + "whose memory is encrypted: 'zgetdump --key KEY FILE -f elf > vmcore' decrypts it with "
        + "the key of its customer")
  }
}

extension ByteReader {
  /// `e_type`, where the bytes reach so far.
  fileprivate var coreType: UInt16? { try? peek(at: ELFHeader.identificationSize) }
}
