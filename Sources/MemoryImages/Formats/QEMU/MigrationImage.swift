internal import Bytes
internal import DumpRecords

extension ImageFormat {
  /// A migration stream of QEMU in a file: `migrate exec:` and `file:`, `virsh dump` without
  /// `--memory-only`, the state volume of a Proxmox snapshot.
  package static let savevm = ImageFormat(
    name: "QEMU savevm", accepts: .layout,
    recognizes: { $0.starts(with: MigrationSection.magic) },
    open: MigrationImage.open)

  /// The same behind libvirt's own head: `virsh save`, `virsh managedsave`.
  package static let libvirt = ImageFormat(
    name: "libvirt save", accepts: .layout,
    recognizes: { $0.starts(with: LibvirtSaveHeader.signature) }, open: MigrationImage.openLibvirt)
}

private enum MigrationImage {
  /// Runs of pages that were sent, of a stream that was cut off.
  private static let mostRuns = 1 << 16

  static func open(
    _ input: ImageInput, _ options: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    try open(input, as: .savevm, at: 0, options)
  }

  static func openLibvirt(
    _ input: ImageInput, _ options: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    let head = try rethrow(
      as: ImageError.init(reading:), input.source.bytes(at: 0, count: LibvirtSaveHeader.size))
    guard let header = try? LibvirtSaveHeader(head) else {
      throw ImageError(
        .unusable,
        "\(input.name): a libvirt save file of an unknown version, or cut off inside its head")
    }
    guard [LibvirtSaveHeader.plain, LibvirtSaveHeader.sparse].contains(header.format) else {
      let place = header.streamOffset + 1
      let advice =
        header.packer.map { "with \($0): 'tail -c +\(place) FILE | \($0) -dc > image.bin'" }
        ?? "with something unknown (format \(header.format))"
      throw ImageError(
        .unusable, "\(input.name): is a libvirt save file whose stream is packed \(advice)")
    }
    return try open(input, as: .libvirt, at: header.streamOffset, options)
  }

  static func open(
    _ input: ImageInput, as format: ImageFormat, at offset: UInt64, _ options: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    let stream = try MigrationStream.read(input.source, at: offset, input.budget)
    let blocks = stream.ramBlocks
    let size = blocks.last.map { ($0.start ?? 0).adding($0.length) ?? .max } ?? 0
    guard size > 0, size <= PhysicalAddress.end else {
      let end = stream.unlisted > 0 ? "the file ends inside its list of blocks" : nil
      let fault = (stream.faults.first ?? end).map { ": \($0)" } ?? ""
      throw ImageError(
        .unusable,
        "\(input.name): no RAM is in the stream's section 'ram'\(fault): expected a list with a "
          + "block such as pc.ram")
    }
    let alignment = stream.pageSize * PageIndex.groupPages
    guard blocks.dropLast().allSatisfy({ $0.length % alignment == 0 }) else {
      throw ImageError(
        .unusable,
        "\(input.name): a block of RAM with another behind it does not end at a multiple of "
          + "\(alignment.hex)")
    }
    let mapped = try rethrow(
      as: ImageError.init(reading:),
      MappedRAM(
        blocks, in: input.source, usual: stream.usualHostOrder,
        isUnfinished: !stream.isWhole && stream.unlisted == 0))
    if let mapped {
      let layout = try RawImage.layout(for: mapped, options)
      let unmarked = blocks.filter { $0.start.map(mapped.unmarked.contains) == true }
      return try image(
        of: input, as: format, stream, mapped, layout, sent: mapped.stored,
        unmarked: unmarked.map(\.name))
    }
    guard !stream.index.isEmpty else {
      let fault =
        stream.faults.first
        ?? "it ends before the first one, or the guest's memory is shared with a file, which holds it"
      throw ImageError(.unusable, "\(input.name): no page of RAM is in the stream: \(fault)")
    }
    let pageSize = stream.pageSize
    let damage = PageDamage(of: input.name, pageSize: pageSize, told: (0, []))
    let told = stream.layout(ofSize: size) ?? .identity
    let pages = RecordedPages(
      stream.index, in: input.source, size: size, pageSize: pageSize, order: MigrationSection.order,
      damage: damage,
      frame: { (told.address(ofFileOffset: $0 * pageSize) ?? 0) / pageSize },
      reader: { (cursor) throws(ReadError) in
        guard case .record(let record)? = try RAMRecord.next(&cursor, pageSize: pageSize) else {
          return nil
        }
        return RecordedPage(number: record.offset / pageSize, content: record.content)
      })
    return try image(
      of: input, as: format, stream, pages, RawImage.layout(for: pages, options),
      sent: sent(stream, size, input.name), damage: damage)
  }

  private static func image(
    of input: ImageInput, as format: ImageFormat, _ stream: MigrationStream,
    _ source: any ByteSource, _ given: ImageLayout?, sent: RangeSet,
    unmarked: [String] = [], damage: PageDamage? = nil
  ) throws(ImageError) -> MemoryImage {
    let present = sent.ranges.map {
      MemoryRegion(range: $0, source: source, offset: $0.lowerBound)
    }
    guard !present.isEmpty, let inOrder = try? PhysicalMemory(regions: present) else {
      throw ImageError(.unusable, "\(input.name): ends before the first page of RAM")
    }
    let told = given.map { [$0] } ?? stream.layouts(ofSize: source.size)
    let warnings = warnings(
      about: stream, missing: source.size - sent.length, unmarked: unmarked,
      isOpen: told.contains { !$0.order.isEmpty })
    let open = MemoryImage(
      of: input, as: format, inOrder: inOrder, told: told, warnings: warnings, damage: damage)
    // A PC may be told where the room for devices begins (max-ram-below-4g); others have a map of
    // their own that nothing changes, but perhaps nodes in an order that nothing tells.
    guard let layout = told.first, given != nil || !stream.isPC && told.count == 1,
      let memory = open.memory(under: layout)
    else { return open }
    return MemoryImage(
      of: input, as: format, memory: memory, layout: layout, layoutIsOpen: false, stored: nil,
      warnings: warnings, damage: damage)
  }

  /// What of the RAM was sent: all of it where the stream is whole, for a page that nobody uses
  /// may be left out.
  private static func sent(
    _ stream: MigrationStream, _ size: UInt64, _ name: String
  ) throws(ImageError) -> RangeSet {
    if stream.isWhole { return RangeSet([0..<size]) }
    guard let runs = stream.index.runs(atMost: mostRuns) else {
      throw ImageError(
        .unusable,
        "\(name): is cut off, and the pages before that are in more than \(mostRuns) pieces")
    }
    return RangeSet(
      runs.map { $0.lowerBound * stream.pageSize..<$0.upperBound * stream.pageSize }
    ).clamped(to: 0..<size)
  }

  /// - Parameters:
  ///   - missing: bytes of RAM that are not there.
  ///   - unmarked: blocks whose bitmap was not written.
  ///   - isOpen: whether the blocks may follow one another in several orders.
  private static func warnings(
    about stream: MigrationStream, missing: UInt64, unmarked: [String], isOpen: Bool
  ) -> [Finding] {
    var warnings = stream.faults.map {
      Finding("the stream cannot be followed: \($0)", isPartial: true)
    }
    if !stream.isWhole {
      let lacking =
        !unmarked.isEmpty
        ? "the bitmaps of \(unmarked.joined(separator: ", ")) mark no page yet: what is there of each "
          + "page is taken, which"
        : missing == 0
          ? "no page of the RAM is lacking, but some"
          : "\(missing.hex) bytes of RAM are lacking, and others"
      warnings.append(
        Finding(
          "the stream ends before its section 'ram' does: \(lacking) may be older than the rest",
          isPartial: true))
    }
    if stream.unlisted > 0 {
      warnings.append(
        Finding(
          "the stream ends inside its list of blocks: \(stream.unlisted.hex) bytes are of blocks "
            + "that it does not get to, which may be memory of devices or more RAM",
          isPartial: true))
    }
    let beside = stream.blocksBeside
    if !beside.isEmpty {
      let names = beside.prefix(16).map { "\($0.name) (\($0.length.hex) bytes)" }
      warnings.append(
        Finding(
          "the stream has memory of which it does not say at which address it is: "
            + "\(names.joined(separator: ", ")): it is left out", isPartial: true))
    }
    let blocks = stream.ramBlocks.map(\.name)
    if blocks.count > 1 {
      let names = blocks.prefix(16).joined(separator: ", ")
      warnings.append(
        Finding(
          "the RAM is in \(blocks.count) blocks, which are taken one behind the other: \(names)"
            + (isOpen ? ", unless the memory shows another order" : ""), isDamage: false))
    }
    return warnings
  }
}
