// Raw images of each hostile kind.
extension HostileFile {
  /// A core header with one sound VMCOREINFO note and what a kind adds.
  ///
  /// - Parameters:
  ///   - notes: further PT_NOTEs.
  ///   - loads: the loads behind one over the first 16 MiB.
  private mutating func putHeader(
    at place: UInt64, notes: [[UInt8]] = [], loads: [[UInt8]] = [], lines: [String] = []
  ) {
    let list = HostileFile.note("VMCOREINFO", 0, HostileFile.information(lines))
    let length = UInt64(list.count)
    put(list, at: 0x10_0000)
    var bytes = HostileFile.header(count: 2 + notes.count + loads.count)
    bytes += notes.flatMap(\.self)
    bytes += HostileFile.entry(
      note: true, offset: 0x10_0000, physical: 0x10_0000, file: length, memory: length)
    bytes += HostileFile.entry(
      offset: 0, virtual: 0xffff_8880_0000_0000, physical: 0, file: 1 << 24, memory: 1 << 24)
    put(bytes + loads.flatMap(\.self), at: place)
  }

  /// A core header with a whole table of PT_NOTEs that all name one list of notes.
  static func sharedNotesInMemory(_ scale: Double) -> HostileFile {
    var file = HostileFile("raw-shared-notes", size: 32 << 20)
    let list = [UInt8]((0..<100).flatMap { _ in note("CORE", 1, [1, 2, 3, 4]) })
    file.put(list, at: 0x20_0000)
    let entry = entry(
      note: true, offset: 0x20_0000, physical: 0x20_0000, file: UInt64(list.count),
      memory: UInt64(list.count))
    file.putHeader(
      at: 0x110_0000, notes: Array(repeating: entry, count: Int(9000 * scale)))
    return file
  }

  /// A core header with a long list of notes that a table of PT_NOTEs names.
  static func longNotesInMemory(_ scale: Double) -> HostileFile {
    var file = HostileFile("raw-long-notes", size: 64 << 20)
    file.put(note("CORE", 1, []), at: 0x20_0000)
    file.put(number(5, 4) + number(8 << 20, 4) + number(1, 4) + Array("CORE".utf8), at: 0x20_0000)
    let entry = entry(
      note: true, offset: 0x20_0000, physical: 0x20_0000, file: 9 << 20, memory: 9 << 20)
    file.putHeader(
      at: 0x210_0000, notes: Array(repeating: entry, count: Int(9000 * scale)))
    return file
  }

  /// A core header full of loads that no machine can have.
  static func unsoundLoads(_ scale: Double) -> HostileFile {
    var file = HostileFile("raw-unsound-loads", size: 32 << 20)
    let loads = (0..<UInt64(16_000 * scale)).map {
      entry(offset: .max - 4096 - $0, physical: $0 << 30, file: 8192, memory: 8192)
    }
    file.putHeader(at: 0x110_0000, loads: loads)
    return file
  }

  /// A core header with loads all over 16 TiB of hole.
  static func spreadLoadsInMemory(_ scale: Double) -> HostileFile {
    var file = HostileFile("raw-spread-loads", size: 1 << 43)
    let loads = (1...UInt64(10_000 * scale)).map {
      entry(offset: $0 << 28, physical: $0 << 28, file: 4096, memory: 4096)
    }
    file.putHeader(at: 0x110_0000, loads: loads)
    return file
  }

  /// A core header with loads over the same memory again and again.
  static func sameMemory(_ scale: Double) -> HostileFile {
    var file = HostileFile("raw-same-memory", size: 32 << 20)
    file.put([UInt8](repeating: 0x5a, count: Int(400_000 * scale)), at: 0x20_0000)
    let loads = (1...UInt64(8000 * scale)).map {
      entry(
        offset: 0x20_0000, virtual: $0 << 30, physical: 0x20_0000, file: 1 << 19, memory: 1 << 19)
    }
    file.putHeader(at: 0x110_0000, loads: loads)
    return file
  }

  /// A core header whose load is a hole of 8 TiB.
  static func holeInMemory(_: Double) -> HostileFile {
    var file = HostileFile("raw-hole", size: 1 << 43)
    file.putHeader(
      at: 0x110_0000,
      loads: [
        entry(offset: 1 << 32, physical: 1 << 32, file: 1 << 42, memory: 1 << 42)
      ])
    return file
  }

  /// A purgatory's list over 4 GiB of hole, and an empty backup region that makes it worth hashing.
  static func purgatory(_: Double) -> HostileFile {
    var file = HostileFile("raw-purgatory", size: 6 << 30)
    let header: UInt64 = 0x110_0000
    file.putHeader(
      at: header,
      loads: [
        entry(offset: 0x200_0000, physical: 1 << 44, file: 0xa_0000, memory: 0xa_0000)
      ])
    file.put([header, 0x1000, 0x300_0000, (4 << 30) - 0x1000], width: 8, at: 0x120_0000)
    return file
  }

  /// A core header's place many times over, each of which may be an entry of a purgatory's list.
  static func purgatoryHits(_ scale: Double) -> HostileFile {
    var file = HostileFile("raw-purgatory-hits", size: 64 << 20)
    let header: UInt64 = 0x110_0000
    file.putHeader(at: header)
    file.put(
      (0..<UInt64(100_000 * scale)).map { _ in header }, width: 8, at: 0x120_0000)
    return file
  }

  /// A flattened device tree; the structure block and the names may lie behind other heads.
  private static func tree(total: Int, structure: Int, strings: Int) -> [UInt8] {
    [0xd00d_feed, total, structure, strings, 40, 17, 16, 0, 0, 0].flatMap {
      RecipeOrder.big.bytes(UInt64($0), width: 4)
    }
  }

  /// Heads of device trees that share one structure block.
  static func deviceTrees(_ scale: Double) -> HostileFile {
    var file = HostileFile("raw-device-trees", size: 16 << 20)
    let count = 256
    let length = Int(900_000 * scale) / 24 * 24
    var structure: [UInt8] = []
    // Nodes inside one another, then none: names of three letters.
    let node = RecipeOrder.big.bytes(1, width: 4) + Array("abc\0".utf8)
    structure += RecipeOrder.big.bytes(1, width: 4) + [0, 0, 0, 0]
    while structure.count < length - 32 { structure += node + RecipeOrder.big.bytes(2, width: 4) }
    structure += RecipeOrder.big.bytes(2, width: 4) + RecipeOrder.big.bytes(9, width: 4)
    let start = 48 * count
    for index in 0..<count {
      let offset = start - 48 * index
      file.put(
        tree(total: offset + structure.count, structure: offset, strings: 40),
        at: 0x100_0000 - 0x20_0000 + UInt64(48 * index))
    }
    file.put(structure, at: 0x100_0000 - 0x20_0000 + UInt64(start))
    return file
  }

  /// Heads of device trees that share one long list of memory.
  static func deviceTreeMemory(_ scale: Double) -> HostileFile {
    trees("raw-device-tree-memory", count: 36, ranges: UInt64(54_000 * scale))
  }

  /// One device tree with tens of thousands of pieces of memory, which the file can be in a row.
  static func deviceTreePieces(_ scale: Double) -> HostileFile {
    trees("raw-device-tree-pieces", count: 1, ranges: UInt64(54_000 * scale))
  }

  private static func trees(_ name: String, count: Int, ranges: UInt64) -> HostileFile {
    var file = HostileFile(name, size: count == 1 ? ranges << 12 : 16 << 20)
    let order = RecipeOrder.big
    func word(_ value: UInt64) -> [UInt8] { order.bytes(value, width: 4) }
    var structure = word(1) + word(0)
    structure += word(3) + word(4) + word(0) + word(2)
    structure += word(3) + word(4) + word(15) + word(2)
    structure += word(1) + Array("memory@0\0\0\0\0".utf8) + word(3) + word(16 * ranges) + word(27)
    for index in (0..<ranges).reversed() {
      structure += order.bytes(index << 13, width: 8) + order.bytes(4096, width: 8)
    }
    structure += word(2) + word(2) + word(9)
    let strings = Array("#address-cells\0#size-cells\0reg\0".utf8)
    let start = 48 * count
    for index in 0..<count {
      let offset = start - 48 * index
      file.put(
        tree(
          total: offset + structure.count + strings.count, structure: offset,
          strings: offset + structure.count), at: 0xe0_0000 + UInt64(48 * index))
    }
    file.put(structure + strings, at: 0xe0_0000 + UInt64(start))
    return file
  }

  /// Device trees with so many starts of memory, each of which suggests a layout.
  private mutating func putLayouts(_ bases: [UInt64], at place: UInt64) {
    for (index, base) in bases.enumerated() {
      let model = DeviceTreeModel(
        cells: 2, memory: [base..<base + 1 << 30], usable: [], header: nil, bootArguments: nil)
      put(model.blob(), at: place + UInt64(index) << 10)
    }
  }

  /// Look-alikes of a core header one behind the other, and many layouts.
  static func lookAlikes(_ scale: Double) -> HostileFile {
    var file = HostileFile("raw-look-alikes", size: 16 << 20)
    file.putLayouts((1...60).map { UInt64($0) << 20 }, at: 0x10_0000)
    for index in 0..<UInt64(920 * scale) {
      let entries = [
        entry(note: true, offset: 0x20_0000, physical: 0x20_0000, file: 64, memory: 64),
        entry(offset: 0x400_0000, physical: 0x400_0000, file: 1 << 20, memory: 1 << 20),
      ]
      file.put(header(count: 2) + entries.flatMap(\.self), at: 0x40_0000 + index << 10)
    }
    return file
  }

  /// VMCOREINFO notes that share one long text, and many layouts.
  static func informations(_ scale: Double) -> HostileFile {
    var file = HostileFile("raw-informations", size: 16 << 20)
    file.putLayouts((1...60).map { UInt64($0) << 32 }, at: 0x10_0000)
    let text = max(64 * 65, Int(60_000 * scale))
    var bytes: [UInt8] = []
    for index in 0..<64 {
      bytes +=
        number(11, 4) + number(UInt64(text - 64 * index), 4) + number(0, 4)
        + Array("VMCOREINFO\0\0OSRELEASE=6\n".utf8)
      while bytes.count % 64 != 0 { bytes.append(0x0a) }
    }
    var number = 0
    while bytes.count < text {
      bytes += Array("\(String(number, radix: 36))=\n".utf8)
      number += 1
    }
    file.put(bytes, at: 0x40_0000)
    return file
  }

  /// A core header whose PT_NOTEs, each with each VMCOREINFO note, suggest a million layouts.
  static func noteLayouts(_ scale: Double) -> HostileFile {
    var file = HostileFile("raw-note-layouts", size: 64 << 20)
    for index in 0..<UInt64(64) {
      file.put(note("VMCOREINFO", 0, information()), at: 0x40_0000 + index << 12)
    }
    let entries = (1...UInt64(12_000 * scale)).map {
      entry(note: true, offset: $0 << 20, physical: $0 << 20, file: 4096, memory: 4096)
    }
    file.put(header(count: entries.count) + entries.flatMap(\.self), at: 0x110_0000)
    return file
  }

  /// A kernel in each of many layouts, with a symbol table of 8 Mi names in a hole.
  static func symbols(_ scale: Double) -> HostileFile {
    var file = HostileFile("raw-symbols", size: 1 << 30)
    let layouts = Int(60 * scale)
    file.putLayouts((0..<layouts).map { 0x1000_0000 + UInt64($0) << 20 }, at: 0x1000)
    let start: UInt64 = 0xffff_ffff_8000_0000
    // Physical 0x3000_0000 is at another offset of the file in each layout.
    let place: UInt64 = 0x3000_0000
    let names = start + 0x3800_0000
    let lines = [
      "SYMBOL(init_uts_ns)=\(String(start + place, radix: 16))",
      "SYMBOL(kallsyms_names)=\(String(names, radix: 16))",
      "SYMBOL(kallsyms_num_syms)=\(String(start + place + 0x400, radix: 16))",
      "SYMBOL(kallsyms_token_table)=\(String(names + 16 << 20, radix: 16))",
      "SYMBOL(kallsyms_token_index)=\(String(names + 16 << 20 + 0x1000, radix: 16))",
      "SYMBOL(kallsyms_offsets)=\(String(names, radix: 16))",
      "SYMBOL(kallsyms_relative_base)=\(String(names, radix: 16))",
      "NUMBER(phys_base)=0", "OFFSET(uts_namespace.name)=0",
    ]
    for index in 0..<UInt64(layouts) {
      var kernel: [UInt8] = []
      for text in ["Linux", "node", "6.1.0", "#1", "x86_64", "domain"] {
        kernel += Array(text.utf8) + [UInt8](repeating: 0, count: 65 - text.utf8.count)
      }
      kernel += [UInt8](repeating: 0, count: 0x400 - kernel.count) + number(8 << 20, 4)
      file.put(kernel, at: place - 0x1000_0000 - index << 20)
    }
    file.put(note("VMCOREINFO", 0, information(lines)), at: 0x20_0000)
    return file
  }
}

extension HostileFile {
  /// Every kind at a scale; at 1 each stores nearly 1 MiB.
  package static func all(_ scale: Double = 1) -> [HostileFile] {
    [
      sharedNotes(scale), sameBytes(scale), spreadLoads(scale),
      promise(scale), holeLoad(scale), tableInHole(scale), manyRegions(scale), singleFrames(scale),
      lostFrames(scale), sparseFrames(scale), onePage(scale), records(scale), emptyRecords(scale),
      sharedNotesInMemory(scale), longNotesInMemory(scale), unsoundLoads(scale),
      spreadLoadsInMemory(scale), sameMemory(scale), holeInMemory(scale), purgatory(scale),
      purgatoryHits(scale), deviceTrees(scale), deviceTreeMemory(scale), informations(scale),
      symbols(scale), noteLayouts(scale), deviceTreePieces(scale), lookAlikes(scale),
    ]
  }
}
