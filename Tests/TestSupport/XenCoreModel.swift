/// What `xl dump-core` writes of a guest.
package struct XenCoreModel: Sendable {
  /// The memory, whole pages.
  package var parts: [MemoryPart]
  /// Whether the guest is paravirtualised: its table has two numbers for each page.
  package var isParavirtual = false
  /// Whether pages stand in another order than in memory.
  package var isUnordered = false

  /// A guest with this memory.
  package init(_ parts: [MemoryPart]) {
    self.parts = parts
  }

  private let order = RecipeOrder.little

  /// The whole file.
  package var bytes: [UInt8] {
    var pages: [(frame: UInt64, bytes: [UInt8])] = parts.flatMap { part in
      stride(from: 0, to: part.bytes.count, by: 4096).map { start in
        ((part.address + UInt64(start)) / 4096, [UInt8](part.bytes[start..<start + 4096]))
      }
    }
    if isUnordered { pages = pages.enumerated().sorted { $0.0 % 3 < $1.0 % 3 }.map(\.element) }
    // A guest that shrank: an entry without a page.
    pages.insert((.max, [UInt8](repeating: 0xdd, count: 4096)), at: pages.count / 2)
    let table = pages.flatMap { page in
      order.bytes(page.frame, width: 8)
        + (isParavirtual ? order.bytes(page.frame &+ 0x1000, width: 8) : [])
    }
    return file(pages: pages.flatMap(\.bytes), count: pages.count, table: table)
  }

  private func file(pages: [UInt8], count: Int, table: [UInt8]) -> [UInt8] {
    let tableName = isParavirtual ? ".xen_p2m" : ".xen_pfn"
    let contents: [(name: String, bytes: [UInt8], entry: UInt64)] = [
      ("", [], 0), (".shstrtab", [], 0), (".note.Xen", notes(count), 0),
      (".xen_prstatus", [UInt8](repeating: 4, count: 5168), 5168),
      (".xen_shared_info", [UInt8](repeating: 6, count: 4096), 4096),
      (".xen_pages", pages, 4096), (tableName, table, isParavirtual ? 16 : 8),
    ]
    var names: [UInt8] = []
    var offsets: [Int] = []
    for content in contents {
      offsets.append(names.count)
      names += Array(content.name.utf8) + [0]
    }
    var body: [UInt8] = []
    var entries: [UInt8] = []
    let start = 64 + 64 * contents.count
    for (index, content) in contents.enumerated() {
      let bytes = index == 1 ? names : content.bytes
      if content.name == ".xen_pages" {
        body += [UInt8](repeating: 0, count: (4096 - (start + body.count) % 4096) % 4096)
      }
      let place = bytes.isEmpty ? 0 : start + body.count
      entries += order.bytes(UInt64(offsets[index]), width: 4)
      entries += order.bytes(index == 0 ? 0 : index == 1 ? 3 : 1, width: 4)
      for field in [0, 0, UInt64(place), UInt64(bytes.count)] {
        entries += order.bytes(field, width: 8)
      }
      entries += [UInt8](repeating: 0, count: 16) + order.bytes(content.entry, width: 8)
      body += bytes
    }
    return header(sections: contents.count) + entries + body
  }

  private func header(sections: Int) -> [UInt8] {
    var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 1] + [UInt8](repeating: 0, count: 7)
    bytes += order.bytes(4, width: 2) + order.bytes(62, width: 2) + order.bytes(1, width: 4)
    for field in [0, 0, 64] as [UInt64] { bytes += order.bytes(field, width: 8) }
    bytes += order.bytes(0, width: 4)
    for field in [64, 56, 0, 64, UInt64(sections), 1] { bytes += order.bytes(field, width: 2) }
    return bytes
  }

  private func notes(_ count: Int) -> [UInt8] {
    var header = order.bytes(isParavirtual ? 0xf00_febed : 0xf00_febee, width: 8)
    for field in [1, UInt64(count), 4096] { header += order.bytes(field, width: 8) }
    return RecipeNote(name: "Xen", type: 0x200_0000, content: []).encoded(order)
      + RecipeNote(name: "Xen", type: 0x200_0001, content: header).encoded(order)
      + RecipeNote(name: "Xen", type: 0x200_0003, content: order.bytes(1, width: 8)).encoded(order)
  }
}
