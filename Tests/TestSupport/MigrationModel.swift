/// A migration stream of QEMU with pages of every kind.
package struct MigrationModel: Sendable {
  /// A block of memory.
  package struct Block: Sendable {
    /// Its name.
    package var name: String
    /// Its bytes, whole pages.
    package var bytes: [UInt8]

    /// A block.
    package init(_ name: String, _ bytes: [UInt8]) {
      self.name = name
      self.bytes = bytes
    }
  }

  /// How pages are sent.
  package enum Pages: Sendable, CaseIterable {
    /// Once, in order.
    case plain
    /// Packed with zlib.
    case packed
    /// First other bytes, then what differs, and some once more.
    case deltas
    /// In a place of their own (`mapped-ram`).
    case mapped
  }

  /// The machine's name; empty: no configuration.
  package var machine: String
  /// The blocks, RAM and others.
  package var blocks: [Block]
  /// How the pages are sent.
  package var pages = Pages.plain
  /// Bytes of a target page.
  package var pageSize = 4096
  /// Whether the stream says so; the target's smallest is not told.
  package var tellsPageSize = true
  /// Whether another device has sections among those of the RAM.
  package var hasOtherSections = false
  /// Offset of the stream in its file.
  package var start = 0
  /// The byte order of the host, which bitmaps have.
  package var hostOrder = RecipeOrder.little
  /// What stands where a page has a place and is zero.
  package var stale: UInt8 = 0xbb
  /// With the capability `x-ignore-shared`: each block's address.
  package var addresses: [UInt64] = []
  /// With postcopy: bytes of the host's pages behind a block of larger ones.
  package var largePage: UInt64?

  /// A machine with these blocks.
  package init(machine: String, _ blocks: [Block]) {
    self.machine = machine
    self.blocks = blocks
  }

  private let order = RecipeOrder.big

  /// The whole stream.
  package var bytes: [UInt8] {
    var stream = Array("QEVM".utf8) + order.bytes(3, width: 4) + configuration
    if hasOtherSections { stream += other(0x01) }
    stream += section(0x01, named: true) { list(at: start + stream.count + $0) }
    if pages != .mapped {
      for (number, records) in passes.enumerated() {
        stream += section(0x02) { _ in records + order.bytes(0x200, width: 8) }
        if hasOtherSections { stream += other(number == 0 ? 0x02 : 0x03) }
      }
    }
    stream += section(0x03) { _ in [] }
    return stream + behind
  }

  /// The stream of a large machine with one block of RAM, of which only what holds something is
  /// sent.
  package func sparse(_ block: String, of image: BuiltImage) -> [UInt8] {
    var records: [UInt8] = []
    for extent in image.extents {
      for part in image.memory.written(in: extent.range) {
        let place = extent.offset + (part.lowerBound - extent.range.lowerBound)
        records += order.bytes(place | 0x08 | (records.isEmpty ? 0 : 0x20), width: 8)
        if records.count == 8 { records += text(block) }
        records += image.memory.read(part.lowerBound, part.count)
      }
    }
    let size = image.fileSize
    let stream = Array("QEVM".utf8) + order.bytes(3, width: 4) + configuration
    let list = order.bytes(size | 4, width: 8) + text(block) + order.bytes(size, width: 8)
    return stream + section(0x01, named: true) { _ in list } + section(0x02) { _ in records }
      + section(0x03) { _ in [] } + behind
  }

  /// Bytes of the stream behind the end of its RAM, which may be lacking.
  package var countBehindRAM: Int { behind.count + 5 }

  private var behind: [UInt8] {
    // Another device, and the end.
    var stream = [0x04] + order.bytes(9, width: 4) + text("timer") + order.bytes(0, width: 4)
    stream += order.bytes(2, width: 4) + [1, 2, 3, 0x7e] + order.bytes(9, width: 4) + [0]
    return stream + [0x06] + order.bytes(2, width: 4) + Array("{}".utf8)
  }

  private var configuration: [UInt8] {
    guard !machine.isEmpty else { return [] }
    var bytes: [UInt8] = [0x07] + order.bytes(UInt64(machine.utf8.count), width: 4)
    bytes += Array(machine.utf8)
    if pageSize != 4096, tellsPageSize {
      bytes += subsection("configuration/target-page-bits")
      bytes += order.bytes(UInt64(pageSize.trailingZeroBitCount), width: 4)
    }
    let capabilities =
      (pages == .mapped ? ["mapped-ram"] : []) + (addresses.isEmpty ? [] : ["x-ignore-shared"])
    if !capabilities.isEmpty {
      bytes += subsection("configuration/capabilities")
      bytes += order.bytes(UInt64(capabilities.count), width: 4) + capabilities.flatMap(text)
    }
    bytes += subsection("configuration/uuid") + [UInt8](repeating: 0xaa, count: 16)
    return bytes
  }

  private func subsection(_ name: String) -> [UInt8] {
    [0x05] + text(name) + order.bytes(1, width: 4)
  }

  private func text(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }

  /// A section of "ram" with its end and its footer; `content` is told how far it is from the
  /// start.
  private func section(
    _ kind: UInt8, named isNamed: Bool = false, content: (Int) -> [UInt8]
  ) -> [UInt8] {
    var bytes = [kind] + order.bytes(2, width: 4)
    if isNamed { bytes += text("ram") + order.bytes(0, width: 4) + order.bytes(4, width: 4) }
    bytes += content(bytes.count) + order.bytes(0x10, width: 8)
    return bytes + [0x7e] + order.bytes(2, width: 4)
  }

  /// Sections whose length only their reader knows, with bytes like the end of one.
  private func other(_ kind: UInt8) -> [UInt8] {
    var bytes = [kind] + order.bytes(3, width: 4)
    if kind == 0x01 { bytes += text("dirty-bitmap") + [UInt8](repeating: 0, count: 8) }
    bytes += [0x7e, 0, 0, 0, 4, 0x7e, 0, 0x7e, 0, 0, 0, 3, 0xff]
    return bytes + [0x7e] + order.bytes(3, width: 4)
  }

  private func list(at place: Int) -> [UInt8] {
    let sum = blocks.reduce(0) { $0 + $1.bytes.count }
    var bytes = order.bytes(UInt64(sum | 4), width: 8)
    for (index, block) in blocks.enumerated() {
      bytes += text(block.name) + order.bytes(UInt64(block.bytes.count), width: 8)
      if let largePage { bytes += order.bytes(largePage, width: 8) }
      if index < addresses.count { bytes += order.bytes(addresses[index], width: 8) }
      if pages == .mapped { bytes += mapped(block, at: place + bytes.count) }
    }
    return bytes
  }

  private func mapped(_ block: Block, at place: Int) -> [UInt8] {
    let count = block.bytes.count / pageSize
    var bitmap = [UInt8](repeating: 0, count: (count + 63) / 64 * 8)
    var content = block.bytes
    for page in 0..<count {
      let range = page * pageSize..<(page + 1) * pageSize
      if block.bytes[range].allSatisfy({ $0 == 0 }) {
        // Whatever is there does not count.
        content.replaceSubrange(range, with: repeatElement(stale, count: pageSize))
      } else {
        bitmap[page / 8] |= 1 << UInt8(page % 8)
      }
    }
    if hostOrder == .big {
      for word in stride(from: 0, to: bitmap.count, by: 8) { bitmap[word..<word + 8].reverse() }
    }
    let bitmapPlace = place + 28
    let alignment = pageSize
    let pagesPlace = (bitmapPlace + bitmap.count + alignment - 1) / alignment * alignment
    var bytes = order.bytes(1, width: 4) + order.bytes(UInt64(pageSize), width: 8)
    bytes += order.bytes(UInt64(bitmapPlace), width: 8) + order.bytes(UInt64(pagesPlace), width: 8)
    bytes += bitmap
    return bytes + [UInt8](repeating: 0, count: pagesPlace - place - bytes.count) + content
  }

  // MARK: Pages

  /// The records of each pass over the memory.
  private var passes: [[UInt8]] {
    switch pages {
    case .plain: [records { plain($0) }]
    case .packed: [records { packed($0) }]
    case .deltas:
      [
        records { plain(before($0)) }, records { delta(from: before($0), to: $0) },
        records(stride: 3) { plain($0) },
      ]
    case .mapped: []
    }
  }

  private func before(_ page: [UInt8]) -> [UInt8] {
    var page = page
    for place in [0, 1, 7, page.count / 2, page.count - 1] { page[place] ^= 0x5a }
    return page
  }

  private func records(
    stride step: Int = 1, _ record: ([UInt8]) -> (flag: Int, bytes: [UInt8])
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    for block in blocks {
      var isFirst = true
      for start in stride(from: 0, to: block.bytes.count, by: pageSize * step) {
        let (flag, content) = record([UInt8](block.bytes[start..<start + pageSize]))
        bytes += order.bytes(UInt64(start | flag | (isFirst ? 0 : 0x20)), width: 8)
        if isFirst { bytes += text(block.name) }
        bytes += content
        isFirst = false
      }
    }
    return bytes
  }

  private func plain(_ page: [UInt8]) -> (Int, [UInt8]) {
    guard let first = page.first, page.allSatisfy({ $0 == first }) else { return (0x08, page) }
    return (0x02, [first])
  }

  private func packed(_ page: [UInt8]) -> (Int, [UInt8]) {
    let stream = KdumpFileModel.deflated(page)
    return (0x100, order.bytes(UInt64(stream.count), width: 4) + stream)
  }

  private func delta(from old: [UInt8], to new: [UInt8]) -> (Int, [UInt8]) {
    var runs: [UInt8] = []
    var place = 0
    func run(_ isEqual: Bool) -> Int {
      var end = place
      while end < new.count, (old[end] == new[end]) == isEqual { end += 1 }
      return end
    }
    func length(_ count: Int) -> [UInt8] {
      count < 0x80 ? [UInt8(count)] : [UInt8(count & 0x7f | 0x80), UInt8(count >> 7)]
    }
    while place < new.count {
      let equal = run(true)
      guard equal < new.count else { break }
      runs += length(equal - place)
      place = equal
      let changed = run(false)
      runs += length(changed - place) + new[place..<changed]
      place = changed
    }
    return (0x40, [1] + order.bytes(UInt64(runs.count), width: 2) + runs)
  }

  // MARK: libvirt

  /// The same stream behind libvirt's head.
  package func libvirt(order: RecipeOrder = .little, format: UInt64 = 0) -> [UInt8] {
    let xml = Array("<domain type='kvm'><name>guest</name></domain>\0".utf8)
    let data = xml + [UInt8](repeating: 0, count: 512 - xml.count)
    var bytes = Array("LibvirtQemudSave".utf8)
    for field in [2, UInt64(data.count), 1, format, UInt64(xml.count)] {
      bytes += order.bytes(field, width: 4)
    }
    bytes += [UInt8](repeating: 0, count: 92 - bytes.count) + data
    var stream = self
    stream.start = bytes.count
    return bytes + stream.bytes
  }
}
