// MARK: The types that a kernel carries

extension PageMachine {
  /// Keys that the types of this machine's kernel stand in for.
  package var replaceable: [String] {
    var keys = [
      "SIZE(page)", "OFFSET(page.", "OFFSET(folio.", "NUMBER(PG_", "LENGTH(zone.free_area)",
      "SIZE(mem_section)", "OFFSET(mem_section.", "OFFSET(list_head.", "SIZE(list_head)",
      "NUMBER(HUGETLB_PAGE_DTOR)", "SYMBOL(mem_section)", "SYMBOL(mem_map)", "SIZE(pglist_data)",
      "OFFSET(pglist_data.",
    ]
    if form.namesTypes { keys.append("NUMBER(PAGE_") }
    return keys
  }

  /// Types, and a symbol table with their place.
  mutating func addTypes() {
    let bytes = TypesModel(types, order: kind.order).bytes()
    let start = take(UInt64(bytes.count))
    memory.write(bytes, at: start)
    let place = take(UInt64(KernelSymbolsModel.size))
    let data = ram[0].lowerBound + 600..<ram[0].lowerBound + 616
    image.append(data)
    let stop = start + UInt64(bytes.count)
    var symbols = [
      ("__start_BTF", virtual(start)), ("__stop_BTF", virtual(stop)),
      ("swapper_pg_dir", virtual(ram[0].lowerBound * pageSize)),
      ("_sdata", virtual(data.lowerBound * pageSize)),
      ("_edata", virtual(data.upperBound * pageSize)),
    ]
    for name in ["mem_section", "mem_map"] {
      guard
        let line = information.split(separator: "\n").first(where: {
          $0.contains("SYMBOL(\(name))")
        }),
        let address = UInt64(line.drop { $0 != "=" }.dropFirst(), radix: 16)
      else { continue }
      symbols.append((name, address))
    }
    let table = KernelSymbolsModel(
      symbols.map { (name: $0.0, address: $0.1) }, form: kind.bits == 64 ? .words : .base,
      at: virtual(place), order: kind.order, wordSize: word)
    memory.write(table.bytes(), at: place)
    for line in table.information { tell(line) }
  }

  /// The structures and enumerations that struct pages are read by.
  private var types: [TypesModel.Kind] {
    typealias Member = TypesModel.Member
    let word = UInt32(self.word)
    func member(_ name: String, _ type: UInt32, at offset: Int) -> Member {
      Member(name, type, at: UInt32(8 * offset))
    }
    func member(_ name: String, _ type: UInt32) -> Member {
      member(name, type, at: layout[name] ?? 0)
    }
    var tails: [Member] = form.tailKey.map { [member($0, 1)] } ?? []
    if form.order == .half || form.order == .byte {
      tails += [member("compound_dtor", 3), member("compound_order", 3)]
    }
    var folio: [Member] = []
    if form.order == .flags { folio = [member("_flags_1", 1, at: pageStruct)] }
    if form.order == .folioByte {
      folio = [
        member("_folio_dtor", 3, at: pageStruct + (layout["compound_dtor"] ?? 0)),
        member("_folio_order", 3, at: pageStruct + (layout["compound_order"] ?? 0)),
      ]
    }
    var zone = [member("free_area", 14, at: 64)]
    if form.types["UNACCEPTED"] != nil { zone.append(member("unaccepted_pages", 5, at: 32)) }
    var node: [Member] = [member("node_id", 2, at: nodeNumbers)]
    if model == .nodes || model == .flatNode {
      for (number, name) in ["node_mem_map", "node_start_pfn", "node_spanned_pages"].enumerated() {
        node.append(member(name, 1, at: nodeNumbers + 8 * (number + 1)))
      }
    }
    return [
      .integer("unsigned long", size: word), .integer("unsigned int", size: 4),
      .integer("unsigned char", size: 1), .pointer(0),  // 1 to 4
      .structure(
        "list_head", size: 2 * word, [member("next", 4, at: 0), member("prev", 4, at: self.word)]),
      .structure(
        "", size: UInt32(pageStruct),
        [member("lru", 5), member("mapping", 4), member("private", 1)]),
      .structure("", size: UInt32(pageStruct), tails),
      .union("", size: UInt32(pageStruct), [member("", 6, at: 0), member("", 7, at: 0)]),  // 8
      .union("", size: 4, [member("_mapcount", 2, at: 0), member("page_type", 2, at: 0)]),  // 9
      .structure(
        "page", size: UInt32(pageStruct),
        [member("flags", 1), member("", 8, at: 0), member("", 9, at: layout["_mapcount"] ?? 0)]),
      .structure("folio", size: UInt32(2 * pageStruct), folio),
      .structure("mem_section", size: UInt32(sectionSize), [member("section_mem_map", 1, at: 0)]),
      .structure("free_area", size: 64, [member("nr_free", 1, at: 0)]),  // 13
      .array(13, count: UInt32(PageMachine.largestOrder + 1)),
      .structure("zone", size: 64 * 12, zone),
      .structure("pglist_data", size: UInt32(nodeSize), node),
    ] + enumerations
  }

  /// Page flags and types. Names of types are also those of flags, which come first.
  private var enumerations: [TypesModel.Kind] {
    var flags = form.flags.filter { $0.key != "slab" || form.types["SLAB"] == nil }
      .map { ("PG_\($0.key)", Int32($0.value)) }
    if form.hugeTLB == .flag { flags.append(("PG_hugetlb", 11)) }
    var kinds: [TypesModel.Kind] = [
      .enumeration("others", [("PG_lru", 1), ("PG_buddy", 2), ("PGTY_buddy", 3)]),
      .enumeration("pageflags", flags),
    ]
    if form.hugeTLB == .number || form.hugeTLB == .folioNumber {
      kinds.append(.enumeration("compound_dtor_id", [("NULL", 0), ("HUGETLB_PAGE_DTOR", 2)]))
    }
    guard form.namesTypes else { return kinds }
    // Linux 6.12 names the upper byte, 6.11 the bits that are cleared.
    let isByte = form.types["BUDDY"] == -0x1000_0000
    kinds.insert(
      .enumeration(
        "pagetype",
        form.types.map { name, value in
          let bits = UInt32(truncatingIfNeeded: value)
          return (
            (isByte ? "PGTY_" : "PG_") + name.lowercased(),
            Int32(bitPattern: isByte ? bits >> 24 : ~bits)
          )
        }), at: 0)
    return kinds
  }
}
