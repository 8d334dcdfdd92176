// Raw images of kernels whose own data is made to cost.
extension HostileFile {
  /// Physical address of the kernel's variables.
  private static let variables: UInt64 = 0x120_0000

  private static func symbol(_ name: String, _ place: UInt64) -> String {
    "SYMBOL(\(name))=\(String(0xffff_ffff_8000_0000 + place, radix: 16))"
  }

  /// The address of a place in the kernel's image.
  private static func address(_ place: UInt64) -> UInt64 { 0xffff_ffff_8000_0000 + place }

  /// A ring of 4 million records in a hole; what is stored of it jumps all over 128 MiB of text.
  static func logRing(_ scale: Double) -> HostileFile {
    var file = HostileFile("raw-log-ring", size: 1 << 30)
    let ring = variables + 0x1000
    file.put([address(ring)], width: 8, at: variables)
    file.put([22, 0, address(0x200_0000), address(0x800_0000)], width: 8, at: ring)
    file.put([(1 << 22) - 1, 0], width: 8, at: ring + 32)
    file.put([27, 0, address(0x2000_0000)], width: 8, at: ring + 48)
    var random = SeededGenerator(seed: 5)
    let descriptors = (0..<UInt64(40_000 * scale)).flatMap { number in
      let place = random.next() % (1 << 27) & ~7
      return [number | 2 << 62, place, place + 16]
    }
    file.put(descriptors, width: 8, at: 0x200_0000)
    file.putHeader(
      at: 0x110_0000,
      lines: [
        "NUMBER(phys_base)=0", symbol("prb", variables), "SIZE(printk_ringbuffer)=80",
        "OFFSET(printk_ringbuffer.desc_ring)=0", "OFFSET(printk_ringbuffer.text_data_ring)=48",
        "OFFSET(prb_desc_ring.count_bits)=0", "OFFSET(prb_desc_ring.descs)=16",
        "OFFSET(prb_desc_ring.infos)=24", "OFFSET(prb_desc_ring.head_id)=32",
        "OFFSET(prb_desc_ring.tail_id)=40", "OFFSET(prb_data_ring.size_bits)=0",
        "OFFSET(prb_data_ring.data)=16", "SIZE(prb_desc)=24", "OFFSET(prb_desc.state_var)=0",
        "OFFSET(prb_desc.text_blk_lpos)=8", "OFFSET(prb_data_blk_lpos.begin)=0",
        "OFFSET(prb_data_blk_lpos.next)=8", "SIZE(printk_info)=88", "OFFSET(printk_info.seq)=0",
        "OFFSET(printk_info.ts_nsec)=8", "OFFSET(printk_info.text_len)=16",
      ])
    return file
  }

  /// A buffer of 128 MiB that begins with heads of which each leads far, and goes on as a hole.
  static func logRecords(_ scale: Double) -> HostileFile {
    var file = HostileFile("raw-log-records", size: 1 << 30)
    file.put([address(0x2000_0000), 1 << 27, 0, 0x7ff_fff0], width: 8, at: variables)
    let heads = (0..<UInt64(120_000 * scale)).map { _ in 0xffb0_ff9c as UInt64 }
    file.put(heads, width: 8, at: 0x2000_0000)
    file.putHeader(
      at: 0x110_0000,
      lines: [
        "NUMBER(phys_base)=0", symbol("log_buf", variables), symbol("log_buf_len", variables + 8),
        symbol("log_first_idx", variables + 16), symbol("log_next_idx", variables + 24),
      ])
    return file
  }

  /// Sections of a machine of 4 TiB that all have one page full of struct pages, by page tables of
  /// which each entry leads to the table itself.
  static func structPages(_ scale: Double) -> HostileFile {
    var file = HostileFile("raw-struct-pages", size: 1 << 43)
    let table = variables + 0x1000
    file.put((0..<512).map { _ in table | 0x63 }, width: 8, at: table)
    file.put((0..<512).map { _ in 0xffff_8880_0000_0000 + table }, width: 8, at: table + 0x1000)
    let heads = (0..<UInt64(64 * scale)).flatMap { _ in
      [0x1_0010, 0, 0x900, 0x1231, 0, 3, 0xffff_ff7f, 0] as [UInt64]
    }
    file.put(heads, width: 8, at: 0x200_0000)
    file.putHeader(
      at: 0x110_0000,
      loads: [
        entry(
          offset: 1 << 32, virtual: 0xffff_8880_0000_0000 + 1 << 32, physical: 1 << 32,
          file: 1 << 42, memory: 1 << 42)
      ],
      lines: [
        "NUMBER(phys_base)=0", symbol("init_top_pgt", table), symbol("mem_section", table + 0x1000),
        symbol("swapper_pg_dir", table), "LENGTH(mem_section)=2048", "SIZE(mem_section)=16",
        "OFFSET(mem_section.section_mem_map)=0", "NUMBER(SECTION_SIZE_BITS)=27",
        "NUMBER(MAX_PHYSMEM_BITS)=46", "SIZE(page)=64", "OFFSET(page.flags)=0",
        "OFFSET(page.lru)=8", "OFFSET(page.compound_head)=8", "OFFSET(page.compound_dtor)=16",
        "OFFSET(page.compound_order)=17", "OFFSET(page.mapping)=24", "OFFSET(page.private)=40",
        "OFFSET(page._mapcount)=48", "LENGTH(zone.free_area)=11", "NUMBER(PG_lru)=4",
        "NUMBER(PG_slab)=9", "NUMBER(PG_private)=13", "NUMBER(PG_swapcache)=10",
        "NUMBER(PG_swapbacked)=19", "NUMBER(PG_hwpoison)=23", "NUMBER(PG_head_mask)=65536",
        "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129", "NUMBER(HUGETLB_PAGE_DTOR)=2",
      ])
    return file
  }
}
