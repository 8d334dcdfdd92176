package import Bytes
internal import DumpRecords
internal import MemoryImages

/// The zones of a kernel and the lists of free blocks in them (`struct zone`, `struct free_area`,
/// `include/linux/mmzone.h`).
package struct FreeAreas: Sendable {
  private let memory: VirtualMemory
  private let model: MemoryModel
  private let keys: Keys
  /// Addresses of the zones that have memory.
  private let zones: [UInt64]

  /// Zones of a node, and nodes, that are believed.
  private static let mostZones: UInt64 = 16
  private static let mostNodes: UInt64 = 1024
  /// Pages that are believed.
  private static let mostPages: UInt64 = 1 << 52

  /// Where everything stands.
  private struct Keys {
    let wordSize: UInt64
    let nodeZones: UInt64
    let nodeZoneCount: UInt64
    let zoneSize: UInt64
    let spannedPages: UInt64
    let areas: UInt64
    let areaSize: UInt64
    let orders: UInt64
    let lists: UInt64
    let listCount: UInt64
    let listSize: UInt64
    let next: UInt64
    let previous: UInt64
    let listInPage: UInt64

    init?(_ information: VMCoreInfo, _ layout: PageLayout, wordSize: Int) {
      func size(_ key: String, atMost limit: UInt64 = 1 << 24) -> UInt64? {
        information.decimal(key).flatMap { $0 <= limit ? $0 : nil }
      }
      guard let nodeZones = size("OFFSET(pglist_data.node_zones)"),
        let nodeZoneCount = size("OFFSET(pglist_data.nr_zones)"),
        let zoneSize = size("SIZE(zone)"), let spannedPages = size("OFFSET(zone.spanned_pages)"),
        let areas = size("OFFSET(zone.free_area)"), let areaSize = size("SIZE(free_area)"),
        let orders = size("LENGTH(zone.free_area)", atMost: 24),
        let lists = size("OFFSET(free_area.free_list)"),
        let next = size("OFFSET(list_head.next)"), let previous = size("OFFSET(list_head.prev)"),
        let listInPage = layout.list
      else { return nil }
      self.wordSize = UInt64(wordSize)
      self.nodeZones = nodeZones
      self.nodeZoneCount = nodeZoneCount
      self.zoneSize = zoneSize
      self.spannedPages = spannedPages
      self.areas = areas
      self.areaSize = areaSize
      self.orders = orders
      self.lists = lists
      listCount = size("LENGTH(free_area.free_list)", atMost: 64) ?? 1
      listSize = size("SIZE(list_head)") ?? 2 * UInt64(wordSize)
      self.next = next
      self.previous = previous
      self.listInPage = UInt64(listInPage)
    }
  }

  /// The zones of a kernel, or why they are not known.
  static func read(
    _ kernel: Kernel, _ model: MemoryModel, _ layout: PageLayout, _ memory: VirtualMemory
  ) throws(ReadError) -> Answer<FreeAreas> {
    guard let keys = Keys(kernel.information, layout, wordSize: memory.wordSize) else {
      return .absent("vmcoreinfo does not say where the lists of free pages are")
    }
    var zones: [UInt64] = []
    for node in try nodes(kernel.information, memory) {
      guard let count = try memory.read(UInt32.self, at: node &+ keys.nodeZoneCount).value else {
        return .absent("the number of zones of the node at \(node.hex) cannot be read")
      }
      guard count <= mostZones else {
        return .corrupt("the node at \(node.hex) has \(count) zones, expected at most \(mostZones)")
      }
      for number in 0..<UInt64(count) {
        let zone = node &+ keys.nodeZones &+ number &* keys.zoneSize
        guard let spanned = try memory.pointer(at: zone &+ keys.spannedPages).value else {
          return .absent("the zone at \(zone.hex) cannot be read")
        }
        if spanned > 0 { zones.append(zone) }
      }
    }
    guard !zones.isEmpty else { return .absent("no zone of the kernel's memory can be found") }
    return .found(FreeAreas(memory: memory, model: model, keys: keys, zones: zones))
  }

  /// Addresses of the nodes that are in use.
  private static func nodes(
    _ information: VMCoreInfo, _ memory: VirtualMemory
  ) throws(ReadError) -> [UInt64] {
    guard let table = information.symbol("node_data"),
      let count = information.decimal("LENGTH(node_data)")
    else { return information.symbol("contig_page_data").map { [$0] } ?? [] }
    let word = UInt64(memory.wordSize)
    var nodes: [UInt64] = []
    for number in 0..<min(count, mostNodes) {
      if let map = information.symbol("node_online_map") {
        let bits = try memory.pointer(at: map &+ number / (8 * word) * word).value ?? 0
        guard bits >> (number % (8 * word)) & 1 == 1 else { continue }
      }
      if let node = try memory.pointer(at: table &+ number &* word).value, node != 0 {
        nodes.append(node)
      }
    }
    return nodes
  }

  /// The number of free pages that the kernel counts itself, nil where that cannot be read, or is
  /// more than any machine has: behind the lists of each order stands how many blocks they hold
  /// (`nr_free`).
  package func count() throws(ReadError) -> UInt64? {
    var pages: UInt64 = 0
    for zone in zones {
      for order in 0..<keys.orders {
        let place = area(order, of: zone) &+ keys.lists &+ keys.listCount &* keys.listSize
        guard let blocks = try memory.pointer(at: place).value, blocks < 1 << 40 else { return nil }
        pages += blocks << order
        guard pages <= FreeAreas.mostPages else { return nil }
      }
    }
    return pages
  }

  private func area(_ order: UInt64, of zone: UInt64) -> UInt64 {
    zone &+ keys.areas &+ order &* keys.areaSize
  }

  /// Follows all lists.
  ///
  /// - Parameters:
  ///   - limit: blocks that there can be.
  ///   - use: gets the frames of each block.
  /// - Returns: why a list cannot be true; nil where all are.
  package func walk(
    _ arrays: [MemoryModel.PageArray], limit: UInt64, _ use: (Range<UInt64>) -> Void
  ) throws(ReadError) -> String? {
    var left = limit
    for zone in zones {
      for order in 0..<keys.orders {
        for number in 0..<keys.listCount {
          let head = area(order, of: zone) &+ keys.lists &+ number &* keys.listSize
          if let fault = try walk(list: head, order, arrays, &left, use) { return fault }
        }
      }
    }
    return nil
  }

  private func walk(
    list head: UInt64, _ order: UInt64, _ arrays: [MemoryModel.PageArray], _ left: inout UInt64,
    _ use: (Range<UInt64>) -> Void
  ) throws(ReadError) -> String? {
    var before = head
    while true {
      try memory.memory.budget?.spend(1, .parsing, on: "the lists of free pages")
      guard let entry = try memory.pointer(at: before &+ keys.next).value else {
        return "the list of free blocks at \(head.hex) cannot be followed behind \(before.hex)"
      }
      if entry == head { return nil }
      guard left > 0 else { return "the lists of free blocks do not end" }
      left -= 1
      guard try memory.pointer(at: entry &+ keys.previous).value == before else {
        return "the list of free blocks at \(head.hex) is broken at \(entry.hex)"
      }
      guard let frame = model.frame(ofPage: entry &- keys.listInPage, in: arrays) else {
        return
          "the list of free blocks at \(head.hex) leads to \(entry.hex), where no struct page is"
      }
      use(frame..<frame &+ 1 << order)
      before = entry
    }
  }
}
