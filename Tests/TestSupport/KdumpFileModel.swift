import CZlib

/// A kdump-compressed file put together from its pages, after makedumpfile's IMPLEMENTATION text.
package struct KdumpFileModel: Sendable {
  /// How a compiler laid out the headers.
  package enum Layout: Sendable, CaseIterable {
    /// 64-bit words.
    case wide
    /// 32-bit words, 64-bit integers at multiples of 4 (i386).
    case packed
    /// 32-bit words, 64-bit integers at multiples of 8 (ARM).
    case aligned
  }

  /// What is stored for a frame that exists.
  package enum Page: Sendable {
    /// As it is.
    case raw([UInt8])
    /// Packed with zlib.
    case zlib([UInt8])
    /// Packed with LZO1X.
    case lzo([UInt8])
    /// Packed with snappy.
    case snappy([UInt8])
    /// Packed with Zstandard, so that only runs of one value shrink.
    case zstd([UInt8])
    /// With these flags and bytes.
    case packed(flags: UInt64, [UInt8])
    /// Left out by a filter.
    case excluded
    /// Promised, but never written.
    case lost
  }

  package var layout = Layout.wide
  package var order = RecipeOrder.little
  package var version: UInt64 = 6
  package var blockSize = 4096
  package var machine = "x86_64"
  package var release = "6.1.0"
  /// timestamp.tv_sec
  package var seconds: UInt64 = 1_700_000_000
  /// nr_cpus.
  package var processors: UInt64 = 1
  /// phys_base.
  package var physicalBase: UInt64 = 0
  package var status: UInt64 = 1
  /// max_mapnr.
  package var frames = 100
  /// The frames that exist.
  package var pages: [Int: Page] = [:]
  package var notes: [UInt8] = []
  /// The text of VMCOREINFO, pointed at since version 3.
  package var info: [UInt8] = []
  /// The frames whose descriptors are in this file of a split set.
  package var split: Range<Int>?

  /// An empty dump.
  package init() {}

  /// The content of a page; zeros where it is not in the dump.
  package func content(of frame: Int) -> [UInt8] {
    switch pages[frame] {
    case .raw(let bytes), .zlib(let bytes), .lzo(let bytes), .snappy(let bytes), .zstd(let bytes):
      bytes
    default: [UInt8](repeating: 0, count: blockSize)
    }
  }

  private var word: Int { layout == .wide ? 8 : 4 }

  /// The whole file.
  package var bytes: [UInt8] {
    let text = notes.isEmpty ? info : notes
    let sub = padded(subHeader.bytes + text)
    let bitmap = (frames / 8 + blockSize) / blockSize * blockSize
    let header = header(subBlocks: sub.count / blockSize, bitmapBlocks: 2 * bitmap / blockSize)
    var file = padded(header.bytes) + sub
    file += bits(bitmap) { _ in true }
    file += bits(bitmap) { page in
      if case .excluded = page { false } else { true }
    }
    let own = pages.filter { split?.contains($0.key) ?? true }.sorted { $0.key < $1.key }
      .compactMap { stored($0.value) }
    var place = file.count + own.count * 24
    var data: [UInt8] = []
    for page in own {
      let offset = page.isLost ? 0 : place
      file += Self.descriptor(offset, page.bytes.count, page.flags, order).bytes
      data += page.bytes
      place += page.bytes.count
    }
    return file + data
  }

  /// Where a field of the header or of the sub header stands, by its C name.
  package func offset(of field: String) -> Int? {
    header(subBlocks: 0, bitmapBlocks: 0).offset(of: field)
      ?? subHeader.offset(of: field).map { blockSize + $0 }
  }

  /// Where a field of a page's descriptor stands, for the pages of this file in order.
  package func offset(of field: String, ofPage index: Int) -> Int? {
    let bitmaps = 2 * ((frames / 8 + blockSize) / blockSize)
    let blocks = 1 + padded(subHeader.bytes + (notes.isEmpty ? info : notes)).count / blockSize
    return Self.descriptor(0, 0, 0, order).offset(of: field).map {
      (blocks + bitmaps) * blockSize + index * 24 + $0
    }
  }

  private static func descriptor(
    _ offset: Int, _ size: Int, _ flags: UInt64, _ order: RecipeOrder
  ) -> FieldBytes {
    var record = FieldBytes(order)
    record.add("offset", UInt64(offset), width: 8)
    record.add("size", UInt64(size), width: 4)
    record.add("flags", flags, width: 4)
    record.add("page_flags", 0, width: 8)
    return record
  }

  private func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: (blockSize - bytes.count % blockSize) % blockSize)
  }

  private func bits(_ size: Int, _ isSet: (Page) -> Bool) -> [UInt8] {
    var bitmap = [UInt8](repeating: 0, count: size)
    for (frame, page) in pages where isSet(page) { bitmap[frame / 8] |= 1 << (frame % 8) }
    return bitmap
  }

  private func stored(_ page: Page) -> (flags: UInt64, bytes: [UInt8], isLost: Bool)? {
    switch page {
    case .raw(let bytes): (0, bytes, false)
    case .zlib(let bytes): (1, Self.deflated(bytes), false)
    case .lzo(let bytes): (2, LZOModel.stream(bytes), false)
    case .snappy(let bytes): (4, SnappyModel.block(bytes), false)
    case .zstd(let bytes): (0x20, ZstdModel.frame(bytes), false)
    case .packed(let flags, let bytes): (flags, bytes, false)
    case .lost: (0, [], true)
    case .excluded: nil
    }
  }

  private func header(subBlocks: Int, bitmapBlocks: Int) -> FieldBytes {
    var record = FieldBytes(order)
    record.add("signature", Array("KDUMP   ".utf8))
    record.add("header_version", version, width: 4)
    for (field, text) in [
      ("sysname", "Linux"), ("nodename", "node"), ("release", release), ("version", "#1"),
      ("machine", machine), ("domainname", "domain"),
    ] {
      record.add(
        field, Array(text.utf8) + [UInt8](repeating: 0, count: 65 - text.utf8.count))
    }
    record.align(to: word)
    record.add("tv_sec", seconds, width: word)
    record.add("tv_usec", 4096, width: word)
    for (field, value) in [
      ("status", status), ("block_size", UInt64(blockSize)), ("sub_hdr_size", UInt64(subBlocks)),
      ("bitmap_blocks", UInt64(bitmapBlocks)), ("max_mapnr", UInt64(frames)),
      ("total_ram_blocks", UInt64(pages.count)), ("device_blocks", 0), ("written_blocks", 0),
      ("current_cpu", 0), ("nr_cpus", processors),
    ] { record.add(field, value, width: 4) }
    return record
  }

  /// The sub header as far as the version has it; the notes stand behind it.
  private var subHeader: FieldBytes {
    let size = version < 2 ? 16 : [.wide: 104, .packed: 80, .aligned: 96][layout] ?? 0
    let place = notes.isEmpty && info.isEmpty ? 0 : blockSize + size
    let infoPlace = notes.isEmpty ? place : place + (notes.firstRange(of: info)?.lowerBound ?? 0)
    let wide = layout == .packed ? 4 : 8
    var record = FieldBytes(order)
    record.add("phys_base", physicalBase, width: word)
    record.add("dump_level", 31, width: 4)
    if version >= 2 {
      record.add("split", split == nil ? 0 : 1, width: 4)
      record.add("start_pfn", UInt64(split?.lowerBound ?? 0), width: word)
      record.add("end_pfn", UInt64(split?.upperBound ?? 0), width: word)
    }
    for (since, name, offset, count) in [
      (3, "vmcoreinfo", info.isEmpty ? 0 : infoPlace, info.count),
      (4, "note", notes.isEmpty ? 0 : place, notes.count), (5, "eraseinfo", 0, 0),
    ] where version >= since {
      record.align(to: wide)
      record.add("offset_\(name)", UInt64(offset), width: 8)
      record.add("size_\(name)", UInt64(count), width: word)
    }
    if version >= 6 {
      record.align(to: wide)
      record.add("start_pfn_64", UInt64(split?.lowerBound ?? 0), width: 8)
      record.add("end_pfn_64", UInt64(split?.upperBound ?? 0), width: 8)
      record.add("max_mapnr_64", UInt64(frames), width: 8)
    }
    record.add("", [UInt8](repeating: 0, count: max(0, size - record.bytes.count)))
    return record
  }

  /// One zlib stream.
  package static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var size = compressBound(UInt(bytes.count))
    var output = [UInt8](repeating: 0, count: Int(size))
    guard compress2(&output, &size, bytes, UInt(bytes.count), 1) == Z_OK else { return [] }
    return Array(output.prefix(Int(size)))
  }
}
