/// An LKCD dump.
package struct LKCDModel: Sendable {
  /// How a page is packed.
  package enum Packing: UInt64, Sendable, CaseIterable {
    case none = 0
    case runs = 1
    case zlib = 2
  }

  /// The memory, whole pages.
  package var parts: [MemoryPart]
  /// The version.
  package var version: UInt64 = 8
  /// The byte order.
  package var order = RecipeOrder.little
  /// 32 or 64, which decides where older versions have their fields.
  package var bits = 64
  /// How pages are packed.
  package var packing = Packing.zlib
  /// Where pages begin since version 9.
  package var start = 65_536
  /// Bytes of a page.
  package var pageSize = 4096
  /// Whether the last page comes first.
  package var isUnordered = false
  /// Records that are put before the second page: address, bytes, flags.
  package var additions: [(address: UInt64, bytes: [UInt8], flags: UInt64)] = []

  /// A machine with this memory.
  package init(_ parts: [MemoryPart]) {
    self.parts = parts
  }

  /// The whole file.
  package var bytes: [UInt8] {
    var bytes = header
    bytes += [UInt8](repeating: 0, count: start - bytes.count)
    var pages: [(UInt64, [UInt8])] = []
    for part in parts {
      for place in stride(from: 0, to: part.bytes.count, by: pageSize) {
        pages.append((part.address + UInt64(place), [UInt8](part.bytes[place..<place + pageSize])))
      }
    }
    if isUnordered, let last = pages.popLast() { pages.insert(last, at: 0) }
    for (index, (address, page)) in pages.enumerated() {
      if index == 1 {
        for (address, content, flags) in additions {
          bytes += head(address, content.count, flags) + content
        }
      }
      bytes += record(address, page)
    }
    return bytes + order.bytes(0, width: 8) + order.bytes(0, width: 4) + order.bytes(4, width: 4)
  }

  private func record(_ address: UInt64, _ page: [UInt8]) -> [UInt8] {
    var packed: [UInt8]?
    switch packing {
    case .none: packed = nil
    case .runs: packed = Self.runs(of: page)
    case .zlib: packed = KdumpFileModel.deflated(page)
    }
    if let found = packed, found.count >= page.count { packed = nil }
    let content = packed ?? page
    return head(address, content.count, packed == nil ? 1 : 2) + content
  }

  private func head(_ address: UInt64, _ count: Int, _ flags: UInt64) -> [UInt8] {
    order.bytes(address, width: 8) + order.bytes(UInt64(count), width: 4)
      + order.bytes(flags, width: 4)
  }

  private static func runs(of page: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    var place = 0
    while place < page.count {
      var end = place
      while end < page.count, page[end] == page[place], end - place < 255 { end += 1 }
      let count = end - place
      if page[place] == 0, count == 1 {
        bytes += [0, 0]
      } else if count < 4, page[place] != 0 {
        bytes += page[place..<end]
      } else {
        bytes += [0, UInt8(count), page[place]]
      }
      place = end
    }
    return bytes
  }

  private var header: [UInt8] {
    let size = parts.map { $0.address + UInt64($0.bytes.count) }.max() ?? 0
    var bytes = order.bytes(0xa819_0173_618f_23ed, width: 8) + order.bytes(version, width: 4)
    bytes += order.bytes(4096, width: 4) + order.bytes(4, width: 4)
    bytes += order.bytes(UInt64(pageSize), width: 4)
    for value in [size, 0, size] { bytes += order.bytes(value, width: 8) }
    bytes += order.bytes(size / UInt64(pageSize), width: 4)
    bytes += Array("panic".utf8) + [UInt8](repeating: 0, count: 251)
    let isWide = bits == 64
    if version < 8, isWide { bytes += [0, 0, 0, 0] }
    bytes += order.bytes(5, width: isWide || version >= 8 ? 8 : 4)
    bytes += order.bytes(6, width: isWide || version >= 8 ? 8 : 4)
    bytes += Array("Linux".utf8) + [UInt8](repeating: 0, count: 385)
    if version < 8 { bytes += [0, 0] }
    bytes += order.bytes(0xc000_1234, width: isWide || version >= 8 ? 8 : 4)
    bytes += order.bytes(packing.rawValue, width: 4) + [0, 0, 0, 0, 0, 0, 0, 0]
    if version >= 9 { bytes += order.bytes(UInt64(start), width: 8) }
    return bytes + [UInt8](repeating: 0, count: 1024)
  }
}
