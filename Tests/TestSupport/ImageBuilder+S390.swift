extension ImageBuilder {
  /// The image of an s390x machine: everything as the crashed kernel addressed it, then the
  /// damage, then the swap.
  mutating func placeS390(_ model: S390Model) throws(RecipeError) {
    guard let crash = recipe.crash.first, crash.lowerBound >= UInt64(crash.count) else {
      throw RecipeError("s390: a crash region above the memory that it is swapped with is missing")
    }
    placeInformation(model)
    placeProcessors(model)
    placeBlocks(model)
    placeSecondKernel(model, crash)
    for damage in recipe.damage { memory.write(damage.bytes, at: damage.address) }
    if recipe.moment == .after { swap(crash) }
  }

  private mutating func put(_ value: UInt64, width: Int, at address: UInt64) {
    memory.write(RecipeOrder.big.bytes(value, width: width), at: address)
  }

  private mutating func placeInformation(_ model: S390Model) {
    let s390 = model.s390
    let address = recipe.vmcoreinfo.address ?? 0x2a000
    let text = model.informationText
    place(
      "vmcoreinfo", RecipeNote(name: "VMCOREINFO", type: 0, content: text).encoded(.big),
      at: address)
    switch s390.information {
    case .lowcore, .damagedEntry: put(address, width: 8, at: 0xe0c)
    case .odd: put(0x1234_5001, width: 8, at: 0xe0c)
    case .osInfo, .none: break
    }
    let isEntry = s390.information == .osInfo || s390.information == .damagedEntry
    guard let page = s390.osInfo else { return }
    place("os_info", model.osInfoPage(information: isEntry ? address + 24 : nil), at: page)
    put(page, width: 8, at: 0xe18)
  }

  private mutating func placeProcessors(_ model: S390Model) {
    let s390 = model.s390
    memory.write(S390Model.entrySignature, at: 0x10008)
    for cpu in model.cpus {
      let lowcore = model.lowcore(of: cpu)
      put(lowcore &+ (s390.values[4] ?? 0), width: 8, at: s390.list + UInt64(cpu.number) * 8)
      if let vectors = s390.vectors {
        let address = vectors + UInt64(cpu.number) * 1024
        memory.write(model.vectors(of: cpu), at: address)
        put(address | 0x1, width: 8, at: lowcore + 0x11b0)
      }
      guard recipe.moment != .running else { continue }
      var area = model.saveArea(of: cpu)
      if s390.unsaved.contains(cpu.number) {
        area.replaceSubrange(0x118..<0x11c, with: [0, 0, 0, 0])
      }
      place("lowcore \(cpu.number)", area, at: lowcore + 0x1200)
      if cpu.number == s390.boot { memory.write(area, at: 0x1200) }
    }
  }

  private mutating func placeBlocks(_ model: S390Model) {
    for block in model.s390.blocks {
      place("block \(block.place.rawValue)", block.bytes, at: block.address)
      switch block.place {
      case .osInfo: break
      case .lowcore:
        put(block.address, width: 8, at: 0xe00)
        put(S390Model.checksum(block.bytes), width: 4, at: 0xe08)
      case .lastIPL: put(block.address, width: 4, at: 0x14)
      }
    }
  }

  /// A kernel that can be entered and knows where it was loaded.
  private mutating func placeSecondKernel(_ model: S390Model, _ crash: Range<UInt64>) {
    memory.write(S390Model.entrySignature, at: crash.lowerBound + 0x10008)
    put(crash.lowerBound, width: 8, at: crash.lowerBound + 0x10418)
    put(UInt64(crash.count), width: 8, at: crash.lowerBound + 0x10420)
    guard recipe.moment == .after, let second = model.s390.second else { return }
    let text = "OSRELEASE=\(second.release)\nPAGESIZE=4096\nSYMBOL(_stext)=100000\n"
    let note = RecipeNote(name: "VMCOREINFO", type: 0, content: Array(text.utf8))
    place("second vmcoreinfo", note.encoded(.big), at: crash.lowerBound + second.address)
    put(second.address, width: 8, at: crash.lowerBound + 0xe0c)
  }

  private mutating func swap(_ crash: Range<UInt64>) {
    let size = crash.count
    let low = memory.read(0, size)
    memory.write(memory.read(crash.lowerBound, size), at: 0)
    memory.write(low, at: crash.lowerBound)
  }
}

extension S390Model {
  static let entrySignature: [UInt8] = Array("S390EP".utf8) + [0, 1]
}

extension BuiltImage {
  /// Whether the second kernel could use os_info: any damage to it, or to its pointer, prevents it.
  private var hasOSInfo: Bool {
    guard let page = recipe.s390?.osInfo else { return false }
    return !recipe.damage.contains {
      (page..<page + 4096).contains($0.address) || $0.address == 0xe18
    }
  }

  /// The vmcore of an s390x machine whose second kernel builds the header itself.
  package func expectedS390VMCore() throws(LayoutModel.Refusal) -> [UInt8] {
    guard let model = S390Model(recipe), let crash = recipe.crash.first else {
      throw .notAHeader("no s390 lines")
    }
    let place: UInt64 = 1 << 50
    let size = UInt64(crash.count)
    return try LayoutModel(compat: recipe.compat, pageSize: 4096).vmcore(
      header: model.header(notesAt: place, hasOSInfo: hasOSInfo)
    ) { address, count in
      if address >= place {
        return Array(model.notes.dropFirst(Int(address - place)).prefix(count))
      }
      guard recipe.moment == .after, address < size else { return read(address, count) }
      // A load that begins below the swapped memory may go on above it.
      let moved = min(count, Int(size - address))
      return read(address + crash.lowerBound, moved)
        + (moved < count ? read(address + UInt64(moved), count - moved) : [])
    }
  }
}
