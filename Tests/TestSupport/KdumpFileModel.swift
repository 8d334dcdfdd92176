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
    case .raw(let bytes), .zlib(let bytes): bytes
    default: [UInt8](repeating: 0, count: blockSize)
    }
  }

  private var word: Int { layout == .wide ? 8 : 4 }

  /// The whole file.
  package var bytes: [UInt8] {
    let sub = padded(subHeader(atBlock: blockSize))
    let bitmap = (frames / 8 + blockSize) / blockSize * blockSize
    var file = header(subBlocks: sub.count / blockSize, bitmapBlocks: 2 * bitmap / blockSize)
    file = padded(file) + sub
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
      file += order.bytes(UInt64(offset), width: 8)
      file += order.bytes(UInt64(page.bytes.count), width: 4)
      file += order.bytes(page.flags, width: 4) + order.bytes(0, width: 8)
      data += page.bytes
      place += page.bytes.count
    }
    return file + data
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
    case .packed(let flags, let bytes): (flags, bytes, false)
    case .lost: (0, [], true)
    case .excluded: nil
    }
  }

  private func header(subBlocks: Int, bitmapBlocks: Int) -> [UInt8] {
    var bytes = Array("KDUMP   ".utf8) + order.bytes(version, width: 4)
    for text in ["Linux", "node", "6.1.0", "#1", machine, "domain"] {
      bytes += Array(text.utf8) + [UInt8](repeating: 0, count: 65 - text.utf8.count)
    }
    while bytes.count % word != 0 { bytes.append(0) }
    bytes += order.bytes(1_700_000_000, width: word) + order.bytes(4096, width: word)
    for field in [
      status, UInt64(blockSize), UInt64(subBlocks), UInt64(bitmapBlocks), UInt64(frames),
      UInt64(pages.count), 0, 0, 0, processors,
    ] { bytes += order.bytes(field, width: 4) }
    return bytes
  }

  /// The sub header as far as the version has it, with the notes behind it.
  private func subHeader(atBlock start: Int) -> [UInt8] {
    func align(_ bytes: inout [UInt8]) {
      while layout != .packed, bytes.count % 8 != 0 { bytes.append(0) }
    }
    let size = version < 2 ? 16 : [.wide: 104, .packed: 80, .aligned: 96][layout] ?? 0
    let text = notes.isEmpty ? info : notes
    let place = text.isEmpty ? 0 : start + size
    let infoPlace = notes.isEmpty ? place : place + (notes.firstRange(of: info)?.lowerBound ?? 0)
    var bytes = order.bytes(physicalBase, width: word) + order.bytes(31, width: 4)
    if version >= 2 {
      bytes += order.bytes(split == nil ? 0 : 1, width: 4)
      bytes += order.bytes(UInt64(split?.lowerBound ?? 0), width: word)
      bytes += order.bytes(UInt64(split?.upperBound ?? 0), width: word)
    }
    if version >= 3 {
      align(&bytes)
      bytes += order.bytes(UInt64(info.isEmpty ? 0 : infoPlace), width: 8)
      bytes += order.bytes(UInt64(info.count), width: word)
    }
    if version >= 4 {
      align(&bytes)
      bytes += order.bytes(UInt64(notes.isEmpty ? 0 : place), width: 8)
      bytes += order.bytes(UInt64(notes.count), width: word)
    }
    if version >= 5 {
      align(&bytes)
      bytes += order.bytes(0, width: 8) + order.bytes(0, width: word)
    }
    if version >= 6 {
      align(&bytes)
      for field in [split?.lowerBound ?? 0, split?.upperBound ?? 0, frames] {
        bytes += order.bytes(UInt64(field), width: 8)
      }
    }
    return bytes + [UInt8](repeating: 0, count: max(0, size - bytes.count)) + text
  }

  /// One zlib stream.
  package static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var size = compressBound(UInt(bytes.count))
    var output = [UInt8](repeating: 0, count: Int(size))
    guard compress2(&output, &size, bytes, UInt(bytes.count), 1) == Z_OK else { return [] }
    return Array(output.prefix(Int(size)))
  }
}
