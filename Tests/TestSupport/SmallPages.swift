/// Struct pages, sections, zones and page tables of a kernel in 48 KiB at ``SmallPages/start``, with
/// the vmcoreinfo that leads to them: what a fuzz target begins with.
package struct SmallPages {
  /// A kernel's architecture.
  package struct Kind: Sendable {
    package var name: String
    var word: Int
    var order: RecipeOrder
    /// What is added to a physical address in the direct map.
    var offset: UInt64
    /// Where the struct page of frame 0 stands; nil in the direct map.
    var map: UInt64?
  }

  package static let kinds = [
    Kind(
      name: "x86_64", word: 8, order: .little, offset: 0xffff_8880 << 32,
      map: 0xffff_ea00 << 32 | 8 << 12),
    Kind(name: "i386", word: 4, order: .little, offset: 0xc000_0000),
    Kind(name: "ppc64", word: 8, order: .big, offset: 0xc000 << 48),
    Kind(name: "ppc64le", word: 8, order: .little, offset: 0xc000 << 48),
    Kind(name: "s390x", word: 8, order: .big, offset: 0),
  ]

  /// Physical address of the window.
  package static let start: UInt64 = 0x10_0000
  /// Bytes of vmcoreinfo, filled up with zeros.
  package static let textSize = 0x800

  private enum Place {
    static let tables: UInt64 = 0
    static let roots: UInt64 = 0x6000
    static let sections: UInt64 = 0x6800
    static let node: UInt64 = 0x7000
    static let pages: UInt64 = 0x8000
    static let end = 0xc000
  }

  private let kind: Kind
  private var bytes = [UInt8](repeating: 0, count: Place.end)
  private var word: Int { kind.word }

  /// The vmcoreinfo and the window behind it.
  package static func bytes(_ kind: Kind) -> [UInt8] {
    var pages = SmallPages(kind)
    pages.fill()
    let text = Array(pages.information.utf8)
    return text + [UInt8](repeating: 0, count: textSize - text.count) + pages.bytes
  }

  private init(_ kind: Kind) {
    self.kind = kind
  }

  private mutating func put(_ value: UInt64, at place: UInt64, width: Int? = nil) {
    let number = kind.order.bytes(
      width ?? word == 8 ? value : value & 0xffff_ffff, width: width ?? word)
    bytes.replaceSubrange(Int(place)..<Int(place) + number.count, with: number)
  }

  private func virtual(_ place: UInt64) -> UInt64 {
    let address = SmallPages.start &+ place &+ kind.offset
    return word == 8 ? address : address & 0xffff_ffff
  }

  private var information: String {
    func hex(_ place: UInt64) -> String { String(virtual(place), radix: 16) }
    let text = String(0xffff_ffff_8000_0000 + SmallPages.start, radix: 16)
    let root = kind.map == nil ? hex(0) : text
    return """
      OSRELEASE=6.1.0
      PAGESIZE=4096
      SYMBOL(_stext)=\(root)
      SYMBOL(swapper_pg_dir)=\(root)
      SYMBOL(init_top_pgt)=\(root)
      NUMBER(phys_base)=0
      NUMBER(pgtable_l5_enabled)=0
      SYMBOL(mem_section)=\(hex(Place.roots))
      LENGTH(mem_section)=1
      SIZE(mem_section)=16
      OFFSET(mem_section.section_mem_map)=0
      NUMBER(SECTION_SIZE_BITS)=20
      NUMBER(MAX_PHYSMEM_BITS)=28
      SIZE(page)=\(8 * word)
      OFFSET(page.flags)=0
      OFFSET(page.lru)=\(word)
      OFFSET(page.compound_head)=\(word)
      OFFSET(page.compound_dtor)=\(2 * word)
      OFFSET(page.compound_order)=\(2 * word + 1)
      OFFSET(page.mapping)=\(3 * word)
      OFFSET(page.private)=\(5 * word)
      OFFSET(page._mapcount)=\(6 * word)
      NUMBER(PG_lru)=4
      NUMBER(PG_slab)=9
      NUMBER(PG_private)=13
      NUMBER(PG_swapcache)=10
      NUMBER(PG_swapbacked)=19
      NUMBER(PG_hwpoison)=23
      NUMBER(PG_head_mask)=65536
      NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129
      NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257
      NUMBER(HUGETLB_PAGE_DTOR)=2
      SYMBOL(contig_page_data)=\(hex(Place.node))
      OFFSET(pglist_data.node_zones)=0
      OFFSET(pglist_data.nr_zones)=512
      SIZE(zone)=512
      OFFSET(zone.spanned_pages)=16
      OFFSET(zone.free_area)=64
      LENGTH(zone.free_area)=4
      SIZE(free_area)=\(3 * word)
      OFFSET(free_area.free_list)=0
      LENGTH(free_area.free_list)=1
      SIZE(list_head)=\(2 * word)
      OFFSET(list_head.next)=0
      OFFSET(list_head.prev)=\(word)

      """
  }

  private mutating func fill() {
    let map = kind.map ?? virtual(Place.pages)
    put(virtual(Place.sections), at: Place.roots)
    for section in 0..<4 as Range<UInt64> {
      put(map &- section * 256 * UInt64(8 * word) | 3, at: Place.sections + section * 16)
    }
    put(512, at: Place.node + 16)
    put(1, at: Place.node + 512, width: 4)
    for order in 0..<4 as Range<UInt64> {
      let list = Place.node + 64 + order * UInt64(3 * word)
      put(virtual(list), at: list)
      put(virtual(list), at: list + UInt64(word))
      put(order == 3 ? 1 : 0, at: list + UInt64(2 * word))
    }
    fillPages()
    if kind.map != nil { fillTables() }
  }

  private mutating func fillPages() {
    let size = UInt64(8 * word)
    func page(_ frame: UInt64) -> UInt64 { Place.pages + frame * size }
    for frame in 0..<256 as Range<UInt64> {
      put(0xffff_ffff, at: page(frame) + UInt64(6 * word), width: 4)
    }
    put(0xffff_ff7f, at: page(8) + UInt64(6 * word), width: 4)
    put(3, at: page(8) + UInt64(5 * word))
    put(1 << 4, at: page(20))
    put(1 << 4 | 1 << 13, at: page(21))
    put(1 << 9, at: page(22))
    put(1 << 23, at: page(23))
    put(1 << 12, at: page(24))
    put(0xffff_feff, at: page(25) + UInt64(6 * word), width: 4)
    put(1 << 4 | 1 << 16, at: page(32))
    put(0x1231, at: page(32) + UInt64(3 * word))
    for frame in 33..<36 as Range<UInt64> { put(1, at: page(frame) + UInt64(word)) }
    put(2, at: page(33) + UInt64(2 * word + 1), width: 1)
  }

  /// Tables of x86_64: the direct map and the image by large pages, struct pages one by one.
  private mutating func fillTables() {
    let table = SmallPages.start
    put(table + 0x1000 | 0x63, at: 273 * 8)
    put(table + 0x2000 | 0x63, at: 511 * 8)
    put(table + 0x4000 | 0x63, at: 468 * 8)
    put(0x1e3, at: 0x1000)
    put(table + 0x3000 | 0x63, at: 0x2000 + 510 * 8)
    put(0x1e3, at: 0x3000)
    put(table + 0x5000 | 0x63, at: 0x4000)
    // The lowest table stands behind the entry of the one above it.
    put(table + 0x5000 | 0x63, at: 0x5000)
    for number in 0..<4 as Range<UInt64> {
      put(table + Place.pages + number << 12 | 0x63, at: 0x5000 + (number + 8) * 8)
    }
  }
}
