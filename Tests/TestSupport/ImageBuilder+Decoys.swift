extension ImageBuilder {
  /// Writes what misleads.
  mutating func placeDecoys(notes: [Range<UInt64>]) throws(RecipeError) {
    for decoy in recipe.decoys {
      switch decoy.kind {
      case .copy: place("copy", header, at: decoy.address)
      case .half:
        var bytes = header
        let used = (header.lastIndex { $0 != 0 } ?? 0) / 2
        bytes.replaceSubrange(used..., with: repeatElement(0xaa, count: bytes.count - used))
        place("half", bytes, at: decoy.address)
      case .merged: place("merged decoy", mergedHeader(), at: decoy.address)
      case .userCore: place("user core", userCore(), at: decoy.address)
      case .note:
        guard let note = placed.first(where: { $0.name == "vmcoreinfo" })?.range else { continue }
        place("note", memory.read(note.lowerBound, note.count), at: decoy.address)
      case .stale: try placeStale(decoy, notes: notes)
      case .tree:
        placeTree(
          at: decoy.address, header: decoy.names ?? decoy.address, parts: .property, text: "")
      }
    }
  }

  /// An earlier load's header: the same notes, the last RAM range in two parts.
  private mutating func placeStale(
    _ decoy: RecipeDecoy, notes: [Range<UInt64>]
  ) throws(RecipeError) {
    var table = try edited(usualTable(notes: notes))
    if let source = recipe.backup?.source, let address = decoy.backup {
      for index in table.indices
      where table[index].type == 1 && table[index].physical == source.lowerBound {
        table[index].offset = address
      }
    }
    if let note = decoy.note, let index = table.lastIndex(where: { $0.type == 4 }) {
      let lines = ["OSRELEASE=4.4.0-stale", "PAGESIZE=\(recipe.pageSize)"]
      let text = (lines + recipe.vmcoreinfo.lines + ["CRASHTIME=4000000000"]).map { $0 + "\n" }
      let content = Array(text.joined().utf8)
      place(
        "stale vmcoreinfo",
        RecipeNote(name: "VMCOREINFO", type: 0, content: content).encoded(recipe.order), at: note)
      table[index].offset = note
      table[index].physical = note
    }
    if var last = table.last, last.type == 1, last.memorySize > 2 * recipe.pageSize {
      let half = last.memorySize / 2 / recipe.pageSize * recipe.pageSize
      var rest = last
      rest.offset += half
      rest.virtual &+= half
      rest.physical += half
      rest.fileSize = last.memorySize - half
      rest.memorySize = rest.fileSize
      last.fileSize = half
      last.memorySize = half
      table = table.dropLast() + [last, rest]
    }
    place("stale", try headerBytes(table: table), at: decoy.address)
    if let tree = decoy.tree {
      placeTree(at: tree, header: decoy.address, parts: .property, text: "")
    }
  }

  /// The start of a process' core file: offsets are file offsets, p_paddr is 0.
  private func userCore() -> [UInt8] {
    let wide: [UInt64] = [0x5555_5555_4000, 0x7fff_f7dd_0000]
    let places = recipe.bits == 64 ? wide : [0x0804_8000, 0xb7dd_0000]
    var table = [LayoutModel.Entry(type: 4, offset: 0x200)]
    table[0].fileSize = 0x180
    for (index, place) in places.enumerated() {
      var entry = LayoutModel.Entry(type: 1, flags: 5, offset: 0x1000 + UInt64(index) * 0x2000)
      entry.virtual = place
      entry.fileSize = 0x2000
      entry.memorySize = 0x2000
      entry.alignment = 4096
      table.append(entry)
    }
    guard var bytes = try? headerBytes(table: table) else { return [] }
    let status = [UInt8](repeating: 0x11, count: recipe.architecture.statusSize)
    let note = RecipeNote(name: "CORE", type: 1, content: status).encoded(recipe.order)
    bytes.replaceSubrange(0x200..<0x200 + note.count, with: note)
    return bytes
  }
}
