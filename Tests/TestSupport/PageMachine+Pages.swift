// MARK: What pages are used for

extension PageMachine {
  /// The physical address of a frame's struct page; nil where it has none.
  package func place(of frame: UInt64) -> UInt64? {
    maps.first { $0.frames.contains(frame) }.map {
      $0.address + (frame - $0.frames.lowerBound) * UInt64(pageStruct)
    }
  }

  /// Sets a member of a frame's struct page.
  package mutating func set(_ member: String, _ value: UInt64, of frame: UInt64) {
    guard let place = place(of: frame), let offset = layout[member] else { return }
    let width = member == "_mapcount" ? 4 : word
    put(value, width, at: place + UInt64(offset))
  }

  /// The mask of some flags.
  package func flag(_ names: String...) -> UInt64 {
    names.reduce(0) { $0 | (form.flags[$1].map { 1 << UInt64($0) } ?? 0) }
  }

  /// Makes another thing of a frame, or of a compound page.
  package mutating func reuse(
    _ frame: UInt64, flags names: [String], type: String? = nil, order: Int = 0
  ) {
    for member in ["mapping", "lru", "compound_head"] { set(member, 0, of: frame) }
    set("_mapcount", UInt64(UInt32.max), of: frame)
    _ = folio(frame, order, names.reduce(0) { $0 | flag($1) })
    if let type { setType(type, of: frame) }
  }

  /// Makes a huge page of 512 frames, whose struct pages are all mapped to the first page of them.
  package mutating func addOptimizedHugePage(at frame: UInt64) {
    let count = hugeTLB(frame, 9)
    guard let start = place(of: frame) else { return }
    let first = memory.read(start, 4096)
    for place in stride(from: 4096, to: count * UInt64(pageStruct), by: 4096) {
      memory.write(first, at: start + place)
    }
  }

  /// Has a free block say how large it is.
  package mutating func order(ofFree frame: UInt64, _ order: UInt64) {
    set("private", order, of: frame)
  }

  /// Gives the kernel a symbol table, in which the constants of its image are some frames.
  package mutating func addSymbols(constants: Range<UInt64>) {
    let place = take(UInt64(KernelSymbolsModel.size))
    let model = KernelSymbolsModel(
      [
        ("_stext", virtual(ram[0].lowerBound * pageSize)),
        ("__start_rodata", virtual(constants.lowerBound * pageSize)),
        ("__end_rodata", virtual(constants.upperBound * pageSize)),
      ], form: .words, at: virtual(place), order: order, wordSize: word)
    memory.write(model.bytes(), at: place)
    for line in model.information { tell(line) }
  }

  /// Gives every frame of memory a use.
  mutating func fillPages() {
    for range in ram {
      for frame in range { set("_mapcount", UInt64(UInt32.max), of: frame) }
      var frame = range.lowerBound
      // Where the kernel's own structures lie.
      let own = next / pageSize + 1
      while frame < range.upperBound {
        frame += frame < own ? reserve(frame) : use(frame, until: range.upperBound)
      }
    }
  }

  private mutating func reserve(_ frame: UInt64) -> UInt64 {
    set("flags", flag("reserved"), of: frame)
    return 1
  }

  /// The largest order up to one at which a block can begin at a frame and end in memory.
  private func order(upTo limit: Int, at frame: UInt64, until end: UInt64) -> Int {
    var order = min(limit, frame == 0 ? limit : frame.trailingZeroBitCount)
    while order > 0, frame + 1 << UInt64(order) > end { order -= 1 }
    return order
  }

  /// Uses one frame or several; answers how many.
  private mutating func use(_ frame: UInt64, until end: UInt64) -> UInt64 {
    let order = Int.random(in: 0...order(upTo: 10, at: frame, until: end), using: &random)
    switch Int.random(in: 0..<16, using: &random) {
    case 0, 1: return free(frame, order)
    case 2: return cache(frame, order, isPrivate: false)
    case 3: return cache(frame, order, isPrivate: true)
    case 4, 5: return anonymous(frame, order)
    case 6: return hugeTLB(frame, order)
    case 7: return slab(frame)
    case 8:
      set(
        "flags", flag("swapcache") | (Bool.random(using: &random) ? flag("swapbacked") : 0),
        of: frame)
      return 1
    case 9:
      let others = [0, flag("lru"), flag("reserved"), flag("lru", "reserved")]
      let other = others.randomElement(using: &random) ?? 0
      set("flags", flag("hwpoison") | other, of: frame)
      return 1
    case 10:
      if Bool.random(using: &random) { set("flags", flag("reserved"), of: frame) }
      setType("OFFLINE", of: frame)
      return 1
    case 11: return unaccepted(frame, until: end)
    case 12:
      // A page of processes with waiters.
      set("flags", flag("waiters", "lru", "swapbacked"), of: frame)
      set("mapping", 0x1231, of: frame)
      return 1
    case 13 where Int.random(in: 0..<8, using: &random) == 0: return wrong(frame)
    case 14 where Int.random(in: 0..<4, using: &random) == 0:
      set("flags", flag("reserved", "lru"), of: frame)
      return 1
    default: return 1
    }
  }

  /// Gives a frame a type.
  package mutating func setType(_ name: String, of frame: UInt64) {
    guard let value = form.types[name] else { return }
    set("_mapcount", UInt64(UInt32(bitPattern: Int32(value))), of: frame)
  }

  private mutating func free(_ frame: UInt64, _ order: Int) -> UInt64 {
    if place(of: frame) != nil { freeBlocks.append(frame..<frame + 1 << UInt64(order)) }
    if form.hasBuddyType {
      setType("BUDDY", of: frame)
      set("private", UInt64(order), of: frame)
    }
    return 1 << UInt64(order)
  }

  private mutating func cache(_ frame: UInt64, _ order: Int, isPrivate: Bool) -> UInt64 {
    set("mapping", 0x1230, of: frame)
    return folio(frame, order, flag("lru") | (isPrivate ? flag("private") : 0))
  }

  private mutating func anonymous(_ frame: UInt64, _ order: Int) -> UInt64 {
    set("mapping", [0x1231, 0x1233].randomElement(using: &random) ?? 1, of: frame)
    return folio(frame, order, flag("lru", "swapbacked"))
  }

  private mutating func slab(_ frame: UInt64) -> UInt64 {
    if form.types["SLAB"] == nil { set("flags", flag("slab"), of: frame) }
    setType("SLAB", of: frame)
    set("mapping", 0x77, of: frame)
    return 1
  }

  private mutating func unaccepted(_ frame: UInt64, until end: UInt64) -> UInt64 {
    let order = UInt64(PageMachine.largestOrder)
    guard frame % (1 << order) == 0, frame + 1 << order <= end else { return 1 }
    setType("UNACCEPTED", of: frame)
    return 1 << order
  }

  /// What no kernel writes.
  private mutating func wrong(_ frame: UInt64) -> UInt64 {
    setType("BUDDY", of: frame)
    set("private", [11, 1 << 20, 3].randomElement(using: &random) ?? 11, of: frame)
    return 1
  }

  /// A compound page.
  private mutating func folio(_ frame: UInt64, _ order: Int, _ flags: UInt64) -> UInt64 {
    guard order > 0 else {
      set("flags", flags, of: frame)
      return 1
    }
    set("flags", flags | flag("head"), of: frame)
    let second = frame + 1
    let place = UInt64(layout["compound_order"] ?? 0)
    if let tail = form.tailKey, let head = self.place(of: frame) {
      for frame in second..<frame + 1 << UInt64(order) { set(tail, virtual(head) | 1, of: frame) }
    }
    switch form.order {
    case .none: break
    case .flags: set("flags", UInt64(order) | 0x100, of: second)
    case .listPrevious: putInPage(UInt64(order), word, of: second, at: UInt64(2 * word))
    case .half: putInPage(UInt64(order), 2, of: second, at: place)
    case .byte, .folioByte: putInPage(UInt64(order), 1, of: second, at: place)
    }
    return 1 << UInt64(order)
  }

  private mutating func putInPage(
    _ value: UInt64, _ width: Int, of frame: UInt64, at offset: UInt64
  ) {
    guard let page = place(of: frame) else { return }
    put(value, width, at: page + offset)
  }

  private mutating func hugeTLB(_ frame: UInt64, _ order: Int) -> UInt64 {
    guard order > 0 else { return 1 }
    let count = folio(frame, order, 0)
    let second = frame + 1
    switch form.hugeTLB {
    case .none: break
    case .type: setType("HUGETLB", of: frame)
    case .flag: set("flags", UInt64(order) | 1 << 11, of: second)
    case .address: putInPage(hugeDestructor, word, of: second, at: UInt64(word))
    case .number, .folioNumber:
      putInPage(2, form.order == .half ? 2 : 1, of: second, at: UInt64(2 * word))
    }
    return count
  }
}

// MARK: Lists of free pages

extension PageMachine {
  /// The largest order of a free block.
  static let largestOrder = 10
  private static let lists = 3
  private var areaSize: Int { PageMachine.lists * 2 * word + 2 * word }
  private var zoneSize: Int { 64 + (PageMachine.largestOrder + 1) * areaSize }

  /// Bytes of a node: two zones, of which the first has memory, and its numbers.
  var nodeSize: Int { 2 * zoneSize + 64 }
  /// Where the numbers begin.
  var nodeNumbers: Int { 2 * zoneSize }

  /// Has the first zone count free blocks of each order.
  package mutating func claimFree(_ blocks: UInt64) {
    if form.hasBuddyType { addFreeLists() }
    for order in 0...PageMachine.largestOrder {
      let area = firstNode + UInt64(64 + order * areaSize)
      put(blocks, word, at: area + UInt64(PageMachine.lists * 2 * word))
    }
  }

  /// Lists for each order and mobility, as `free_area` has them, in the first node.
  mutating func addFreeLists() {
    let zone = firstNode
    put(UInt64(ram.count), word, at: zone + UInt64(2 * word))
    put(2, 4, at: firstNode + UInt64(nodeNumbers))
    var chains: [UInt64: [UInt64]] = [:]
    var heads: [UInt64] = []
    for order in 0...PageMachine.largestOrder {
      for list in 0..<PageMachine.lists {
        heads.append(zone + UInt64(64 + order * areaSize + list * 2 * word))
      }
    }
    if !form.hasBuddyType { listed = freeBlocks }
    for block in freeBlocks {
      let order = (block.upperBound - block.lowerBound).trailingZeroBitCount
      let list = Int.random(in: 0..<PageMachine.lists, using: &random)
      if let page = place(of: block.lowerBound) {
        chains[heads[order * PageMachine.lists + list], default: []]
          .append(page + UInt64(layout["lru"] ?? 0))
      }
    }
    for head in heads {
      let ring = [head] + (chains[head] ?? []).shuffled(using: &random)
      for (index, entry) in ring.enumerated() {
        put(virtual(ring[(index + 1) % ring.count]), word, at: entry)
        put(virtual(ring[(index + ring.count - 1) % ring.count]), word, at: entry + UInt64(word))
      }
    }
    countFree { $0 }
    for line in [
      "SIZE(zone)=\(zoneSize)", "SIZE(free_area)=\(areaSize)", "OFFSET(zone.free_area)=64",
      "OFFSET(zone.spanned_pages)=\(2 * word)", "OFFSET(free_area.free_list)=0",
      "LENGTH(free_area.free_list)=\(PageMachine.lists)", "OFFSET(pglist_data.node_zones)=0",
      "OFFSET(pglist_data.nr_zones)=\(nodeNumbers)",
    ] { tell(line) }
    if model != .nodes {
      tell("SYMBOL(contig_page_data)=\(PageMachine.hex(virtual(firstNode)))")
    }
  }

  /// Writes how many free blocks of each order there are (`nr_free`), or something else instead.
  package mutating func countFree(_ change: (UInt64) -> UInt64) {
    for order in 0...PageMachine.largestOrder {
      let count = freeBlocks.count { $0.upperBound - $0.lowerBound == 1 << UInt64(order) }
      let area = firstNode + UInt64(64 + order * areaSize)
      put(change(UInt64(count)), word, at: area + UInt64(PageMachine.lists * 2 * word))
    }
  }
}
