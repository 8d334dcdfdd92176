extension ImageBuilder {
  /// Writes the note sections into RAM; gives their ranges in the order of the table.
  mutating func placeNotes() throws(RecipeError) -> [Range<UInt64>] {
    var sections: [Range<UInt64>] = []
    for cpu in recipe.cpus where cpu.state != .absent {
      let size = cpu.bufferSize ?? recipe.architecture.noteBufferSize
      var address = cpu.address ?? 0
      if cpu.address == nil { address = try noteAddress(size: size) }
      occupied.append(address & ~4095..<address + size)
      if recipe.moment != .running {
        memory.write(Array(notes(of: cpu, size: size).prefix(Int(size))), at: address)
      }
      placed.append(.init(name: "cpu \(cpu.number)", range: address..<address + size))
      sections.append(address..<address + size)
    }
    if recipe.vmcoreinfo.isPresent { sections.append(try placeVMCoreInfo()) }
    return sections
  }

  private func noteAddress(size: UInt64) throws(RecipeError) -> UInt64 {
    guard let page = freeAddress(size: Int(size), in: crashedRAM.reversed()) else {
      throw RecipeError("no room for a CPU's notes in RAM")
    }
    let inside = page + 0x600
    let isWithinPage = size <= 4096 - 0x600
    let isInRAM = crashedRAM.contains { $0.contains(page) && inside + size <= $0.upperBound }
    return isWithinPage && isInRAM ? inside : page
  }

  mutating func placeVMCoreInfo() throws(RecipeError) -> Range<UInt64> {
    let info = recipe.vmcoreinfo
    let size = recipe.pageSize + 36
    let text = info.text(pageSize: recipe.pageSize, crashed: recipe.moment != .running)
    let note = RecipeNote(name: "VMCOREINFO", type: 0, content: Array(text.utf8))
      .encoded(recipe.order)
    guard note.count + 12 <= Int(size) else {
      throw RecipeError("vmcoreinfo has \(text.utf8.count) bytes, more than a page")
    }
    guard let address = info.address ?? freeAddress(size: Int(size), in: crashedRAM.reversed())
    else { throw RecipeError("no room for vmcoreinfo in RAM") }
    place("vmcoreinfo", note, at: address)
    occupied.append(address..<address + size)
    return address..<address + size
  }

  func notes(of cpu: RecipeCPU, size: UInt64) -> [UInt8] {
    if cpu.state == .offline { return [] }
    let architecture = recipe.architecture
    let order = recipe.order
    var status = [UInt8](repeating: 0, count: architecture.statusSize)
    status.replaceSubrange(
      architecture.processOffset..<architecture.processOffset + 4,
      with: order.bytes(cpu.process, width: 4))
    let registers = [
      (architecture.stackIndex, cpu.stack), (architecture.counterIndex, cpu.counter),
    ]
    for (index, value) in registers {
      let offset = architecture.registersOffset + index * architecture.registerSize
      status.replaceSubrange(
        offset..<offset + architecture.registerSize,
        with: order.bytes(value, width: architecture.registerSize))
    }
    var bytes = RecipeNote(name: "CORE", type: 1, content: status).encoded(order)
    for note in cpu.extraNotes { bytes += note.encoded(order) }
    if cpu.state == .damaged {
      bytes += order.bytes(5, width: 4) + order.bytes(size * 2, width: 4)
      bytes += order.bytes(1, width: 4) + Array("CORE".utf8) + [0, 0, 0, 0]
    }
    return bytes
  }
}
