/// A machine with struct pages, sections or nodes, zones and lists of free pages, made at random: an
/// ELF dump of it, and what its struct pages are, by frame.
package struct PageMachine: Sendable {
  /// A kernel's architecture, as far as struct pages care. Its direct map needs no page tables.
  package struct Kind: Sendable {
    package var name: String
    var machine: UInt64
    var bits: Int
    var order: RecipeOrder
    /// What is added to a physical address.
    var offset: UInt64
    var pageShifts: [Int]
  }

  /// Architectures of either word size and byte order.
  package static let kinds: [Kind] = [
    Kind(
      name: "ppc64le", machine: 21, bits: 64, order: .little, offset: 0xc000 << 48,
      pageShifts: [12, 16]),
    Kind(
      name: "ppc64", machine: 21, bits: 64, order: .big, offset: 0xc000 << 48,
      pageShifts: [12, 16]),
    Kind(name: "s390x", machine: 22, bits: 64, order: .big, offset: 0, pageShifts: [12]),
    Kind(
      name: "i386", machine: 3, bits: 32, order: .little, offset: 0xc000_0000, pageShifts: [12]),
    Kind(
      name: "loongarch64", machine: 258, bits: 64, order: .little, offset: 0x9000 << 48,
      pageShifts: [12, 14]),
  ]

  /// How it keeps its struct pages.
  package enum Model: CaseIterable, Sendable {
    case flat, flatNode, nodes, sections, extreme
  }

  package let kind: Kind
  package let form: PageForm
  package let model: Model
  package let pageSize: UInt64
  /// Frames that have memory.
  package let ram: [Range<UInt64>]
  /// Physical memory of the loads.
  package let loads: [Range<UInt64>]
  /// Its vmcoreinfo.
  package private(set) var information = ""
  /// Keys that its dump lacks, as they begin.
  package var lacking: [String] = []
  /// Lines that its dump has instead.
  package var wrong: [String] = []
  /// Whether the kernel carries its types, and a symbol table that leads to them.
  package let carriesTypes: Bool
  /// What was written into memory.
  package internal(set) var memory = SparseMemory()
  /// Addresses of the struct pages of frames in a row.
  package private(set) var maps: [(frames: Range<UInt64>, address: UInt64)] = []
  /// Frames on the lists of free pages, where those tell what is free.
  package internal(set) var listed: [Range<UInt64>] = []
  /// Free blocks.
  package internal(set) var freeBlocks: [Range<UInt64>] = []
  /// Frames of the kernel's image, as far as a symbol table or vmcoreinfo tells them.
  package internal(set) var image: [Range<UInt64>] = []
  /// Offsets in a struct page.
  package let layout: [String: Int]
  /// Bytes of a struct page.
  package let pageStruct: Int
  package var word: Int { kind.bits / 8 }

  var random: SeededGenerator
  var next: UInt64 = 0
  /// Physical address of the first node.
  var firstNode: UInt64 = 0
  /// Bytes of a section's structure.
  var sectionSize: UInt64 = 16

  /// A machine of a seed.
  package init(seed: UInt64, forms: [PageForm] = PageForm.all, carriesTypes: Bool = false) {
    var random = SeededGenerator(seed: seed)
    self.carriesTypes = carriesTypes
    kind = PageMachine.kinds.randomElement(using: &random) ?? PageMachine.kinds[0]
    form = forms.randomElement(using: &random) ?? PageForm.all[0]
    model = Model.allCases.randomElement(using: &random) ?? .flat
    let shift = kind.pageShifts.randomElement(using: &random) ?? 12
    pageSize = 1 << UInt64(shift)
    (ram, loads) = PageMachine.places(pageSize, &random)
    let word = kind.bits / 8
    layout = [
      "flags": 0, "lru": word, "mapping": 3 * word, "private": 5 * word, "_mapcount": 6 * word,
      "_refcount": 6 * word + 4, "compound_head": word, "compound_info": word,
      "compound_dtor": 2 * word, "compound_order": 2 * word + (form.order == .half ? 2 : 1),
    ]
    pageStruct = 6 * word + 8 + word * Int.random(in: 0...4, using: &random)
    self.random = random
    next = (ram[0].lowerBound + 16) * pageSize
    image = [ram[0].lowerBound..<ram[0].lowerBound + 1]
    fill()
  }

  /// One to three stretches of memory with holes between; loads leave a part of the first out, as
  /// for a second kernel, and others may begin and end inside pages.
  private static func places(
    _ pageSize: UInt64, _ random: inout SeededGenerator
  ) -> ([Range<UInt64>], [Range<UInt64>]) {
    var frame: UInt64 = [0, 0, 256, 1 << 15].randomElement(using: &random) ?? 0
    var ram: [Range<UInt64>] = []
    for index in 0..<Int.random(in: 1...3, using: &random) {
      if index > 0 { frame += UInt64.random(in: 1...6000, using: &random) }
      let count = UInt64.random(in: 700...2600, using: &random)
      ram.append(frame..<frame + count)
      frame += count
    }
    let first = ram[0]
    let gap = first.upperBound - 200..<first.upperBound - 80
    var loads = [first.lowerBound..<gap.lowerBound, gap.upperBound..<first.upperBound]
      .map { $0.lowerBound * pageSize..<$0.upperBound * pageSize }
    for range in ram.dropFirst() {
      let cut = Bool.random(using: &random) ? UInt64.random(in: 0..<pageSize, using: &random) : 0
      loads.append(range.lowerBound * pageSize + cut / 2..<range.upperBound * pageSize - cut)
    }
    return (ram, loads)
  }

  private func number(_ value: UInt64, _ width: Int) -> [UInt8] {
    kind.order.bytes(width == 8 ? value : value & (1 << UInt64(8 * width) - 1), width: width)
  }

  /// Takes memory from the start of the first stretch; answers its physical address.
  mutating func take(_ size: UInt64) -> UInt64 {
    defer { next += (size + 63) / 64 * 64 }
    return next
  }

  func virtual(_ physical: UInt64) -> UInt64 {
    let address = physical &+ kind.offset
    return kind.bits == 64 ? address : address & 0xffff_ffff
  }

  mutating func put(_ value: UInt64, _ width: Int, at physical: UInt64) {
    memory.write(number(value, width), at: physical)
  }

  mutating func tell(_ line: String) { information += line + "\n" }

  /// Has vmcoreinfo say something else.
  package mutating func retell(_ key: String, _ value: String) {
    information = information.split(separator: "\n").filter { !$0.hasPrefix(key + "=") }
      .map { $0 + "\n" }.joined()
    tell("\(key)=\(value)")
  }

  static func hex(_ value: UInt64) -> String { String(value, radix: 16) }
}

// MARK: The kernel's structures

extension PageMachine {
  private mutating func fill() {
    tell("OSRELEASE=\(form.release)")
    tell("PAGESIZE=\(pageSize)")
    tell("SYMBOL(_stext)=\(PageMachine.hex(virtual(ram[0].lowerBound * pageSize)))")
    tell("SYMBOL(swapper_pg_dir)=\(PageMachine.hex(virtual(ram[0].lowerBound * pageSize)))")
    tellPages()
    switch model {
    case .flat: addFlat(byNode: false)
    case .flatNode: addFlat(byNode: true)
    case .nodes: addNodes()
    case .sections: addSections(isExtreme: false)
    case .extreme: addSections(isExtreme: true)
    }
    if carriesTypes { addTypes() }
    fillPages()
    addFreeLists()
  }

  private mutating func tellPages() {
    tell("SIZE(page)=\(pageStruct)")
    var members = ["flags", "_refcount", "mapping", "lru"]
    if form.hasBuddyType { members += ["_mapcount", "private"] }
    if let key = form.tailKey { members.append(key) }
    if form.order == .half || form.order == .byte {
      members += ["compound_dtor", "compound_order"]
    }
    for member in members { tell("OFFSET(page.\(member))=\(layout[member] ?? 0)") }
    if form.order == .folioByte {
      tell("OFFSET(folio._folio_dtor)=\(pageStruct + (layout["compound_dtor"] ?? 0))")
      tell("OFFSET(folio._folio_order)=\(pageStruct + (layout["compound_order"] ?? 0))")
    }
    for (name, number) in form.flags where !["reserved", "head", "waiters"].contains(name) {
      if form.tellsOldNumbers || !["lru", "private", "swapcache", "slab"].contains(name) {
        if name != "slab" || form.types["SLAB"] == nil { tell("NUMBER(PG_\(name))=\(number)") }
      }
    }
    if form.tellsHead { tell("NUMBER(PG_head_mask)=\(1 << (form.flags["head"] ?? 0))") }
    for (name, value) in form.types { tell("NUMBER(PAGE_\(name)_MAPCOUNT_VALUE)=\(value)") }
    switch form.hugeTLB {
    case .address: tell("SYMBOL(free_huge_page)=\(PageMachine.hex(hugeDestructor))")
    case .number, .folioNumber: tell("NUMBER(HUGETLB_PAGE_DTOR)=2")
    case .flag: tell("NUMBER(PG_hugetlb)=11")
    case .none, .type: break
    }
    tell("LENGTH(zone.free_area)=\(PageMachine.largestOrder + 1)")
    tell("OFFSET(list_head.next)=0")
    tell("OFFSET(list_head.prev)=\(word)")
    tell("SIZE(list_head)=\(2 * word)")
  }

  var hugeDestructor: UInt64 { virtual(ram[0].lowerBound * pageSize + 0x140) }

  /// Room for the struct pages of frames.
  private mutating func addMap(_ frames: Range<UInt64>) -> UInt64 {
    let place = take((frames.upperBound - frames.lowerBound) * UInt64(pageStruct))
    maps.append((frames, place))
    return virtual(place)
  }

  private mutating func addFlat(byNode: Bool) {
    // Frames below the first memory have no struct page that anybody looks at.
    let frames = ram[0].lowerBound..<(ram.last?.upperBound ?? 0)
    let start = addMap(frames)
    let variable = take(8)
    put(start &- ram[0].lowerBound * UInt64(pageStruct), word, at: variable)
    tell("SYMBOL(mem_map)=\(PageMachine.hex(virtual(variable)))")
    firstNode = addNode(frames, map: start)
    if byNode { tellNodes() }
    if byNode, form.hasBuddyType {
      tell("SYMBOL(contig_page_data)=\(PageMachine.hex(virtual(firstNode)))")
    }
  }

  private mutating func tellNodes() {
    tell("SIZE(pglist_data)=\(nodeSize)")
    for (number, member) in ["node_mem_map", "node_start_pfn", "node_spanned_pages"].enumerated() {
      tell("OFFSET(pglist_data.\(member))=\(nodeNumbers + 8 * (number + 1))")
    }
  }

  /// A `pglist_data`; answers its physical address.
  private mutating func addNode(_ frames: Range<UInt64>, map: UInt64) -> UInt64 {
    let place = take(UInt64(nodeSize))
    let numbers = place + UInt64(nodeNumbers)
    put(map, word, at: numbers + 8)
    put(frames.lowerBound, word, at: numbers + 16)
    put(frames.upperBound - frames.lowerBound, word, at: numbers + 24)
    return place
  }

  private mutating func addNodes() {
    tellNodes()
    let table = take(UInt64(8 * word))
    for (index, range) in ram.enumerated() {
      let node = addNode(range, map: addMap(range))
      if index == 0 { firstNode = node }
      put(virtual(node), word, at: table + UInt64((2 * index + 1) * word))
    }
    tell("SYMBOL(node_data)=\(PageMachine.hex(virtual(table)))")
    tell("LENGTH(node_data)=8")
  }

  private mutating func addSections(isExtreme: Bool) {
    let shift = UInt64(pageSize.trailingZeroBitCount)
    let perSection: UInt64 = 1 << UInt64.random(in: 9...11, using: &random)
    let sectionBits = shift + UInt64(perSection.trailingZeroBitCount)
    let end = ram.last?.upperBound ?? 0
    let size: UInt64 = Bool.random(using: &random) ? 16 : 32
    sectionSize = size
    let perRoot = isExtreme ? pageSize / size : 1
    var physicalBits = sectionBits + 1
    while end > 1 << (physicalBits - shift) { physicalBits += 1 }
    physicalBits += 3
    let count: UInt64 = 1 << (physicalBits - sectionBits)
    let roots = (count + perRoot - 1) / perRoot
    tell("SIZE(mem_section)=\(size)")
    tell("OFFSET(mem_section.section_mem_map)=0")
    tell("LENGTH(mem_section)=\(isExtreme ? roots : count)")
    tell("NUMBER(SECTION_SIZE_BITS)=\(sectionBits)")
    tell("NUMBER(MAX_PHYSMEM_BITS)=\(physicalBits)")
    firstNode = addNode(ram[0], map: 0)
    let table = take(isExtreme ? roots * UInt64(word) : count * size)
    tell("SYMBOL(mem_section)=\(PageMachine.hex(virtual(table)))")
    var rootPlaces: [UInt64: UInt64] = [:]
    for section in 0..<count {
      let frames = section * perSection..<(section + 1) * perSection
      guard ram.contains(where: { $0.overlaps(frames) }) else { continue }
      var place = table + section * size
      if isExtreme {
        let root = section / perRoot
        if rootPlaces[root] == nil {
          let new = take(pageSize)
          rootPlaces[root] = new
          put(virtual(new), word, at: table + root * UInt64(word))
        }
        place = (rootPlaces[root] ?? 0) + section % perRoot * size
      }
      // One section of several is present without struct pages; a census of none is refused.
      let isLacking =
        Int.random(in: 0..<12, using: &random) == 0 && section * perSection > end / 2
        && !maps.isEmpty
      let map = isLacking ? 0 : addMap(frames)
      let coded = map &- section * perSection * UInt64(pageStruct)
      // Pointers are aligned so that six bits are free.
      put(
        isLacking ? 1 : coded | 0x3 | UInt64.random(in: 0...15, using: &random) << 2, word,
        at: place)
    }
  }
}

// MARK: The dump

extension PageMachine {
  /// The parts of an ELF dump of the loads: a head, and where the memory of each load stands in a
  /// sparse file.
  package func dump() -> (head: [UInt8], loads: [(offset: UInt64, memory: Range<UInt64>)]) {
    let told =
      information.split(separator: "\n")
      .filter { line in !lacking.contains { line.hasPrefix($0) } }.map(String.init) + wrong
    let note = RecipeNote(
      name: "VMCOREINFO", type: 0, content: told.flatMap { Array("\($0)\n".utf8) }
    )
    .encoded(kind.order)
    var model = ELFFileModel([.note(note)])
    model.bits = kind.bits
    model.order = kind.order
    model.machine = kind.machine
    for load in loads { model.segments.append(.load(load.lowerBound, [])) }
    let first = (UInt64(model.bytes.count) + pageSize - 1) / pageSize * pageSize
    var places: [(offset: UInt64, memory: Range<UInt64>)] = []
    var place = first
    for load in loads {
      places.append((place + load.lowerBound % pageSize, load))
      place += (load.upperBound - load.lowerBound + 2 * pageSize) / pageSize * pageSize
    }
    var head = model.bytes
    for (index, place) in places.enumerated() {
      let size = place.memory.upperBound - place.memory.lowerBound
      for (field, value) in [("p_offset", place.offset), ("p_filesz", size), ("p_memsz", size)] {
        guard let offset = model.offset(of: field, ofSegment: index + 1) else { continue }
        head.replaceSubrange(offset..<offset + word, with: kind.order.bytes(value, width: word))
      }
    }
    return (head, places)
  }
}

extension PageMachine {
  package var order: RecipeOrder { kind.order }

  /// The struct page of a frame; nil where it has none.
  package func page(_ frame: UInt64) -> [UInt8]? {
    place(of: frame).map { memory.read($0, pageStruct) }
  }
}
