/// The s390x records of a recipe, and the vmcore that its second kernel would make: written down
/// from the field tables, to compare the program with.
struct S390Model {
  let recipe: Recipe
  let s390: RecipeS390

  init?(_ recipe: Recipe) {
    guard let s390 = recipe.s390 else { return nil }
    self.recipe = recipe
    self.s390 = s390
  }

  /// CPUs with a lowcore, by number.
  var cpus: [RecipeCPU] { recipe.cpus.filter { $0.state == .running || $0.state == .damaged } }

  /// CPUs with notes, the crashed one first.
  var saved: [RecipeCPU] {
    if recipe.moment == .running { return [] }
    let all = cpus.filter { !s390.unsaved.contains($0.number) }
    return all.filter { $0.number == s390.boot } + all.filter { $0.number != s390.boot }
  }

  func lowcore(of cpu: RecipeCPU) -> UInt64 { s390.lowcores + UInt64(cpu.number) * 0x2000 }

  /// The 512 bytes that store-status writes: a pattern that differs by CPU and by byte.
  func saveArea(of cpu: RecipeCPU) -> [UInt8] {
    var area = (0..<512).map { UInt8(truncatingIfNeeded: $0 * 7 + cpu.number * 31 + $0 / 256) }
    func put(_ value: UInt64, _ width: Int, at offset: Int) {
      area.replaceSubrange(
        offset..<offset + width, with: RecipeOrder.big.bytes(value, width: width))
    }
    put(cpu.stack, 8, at: 0x80 + 15 * 8)
    put(0x0400_c001_8000_0000, 8, at: 0x100)
    put(cpu.counter, 8, at: 0x108)
    put(lowcore(of: cpu), 4, at: 0x118)
    area[0x130] = 0
    return area
  }

  func vectors(of cpu: RecipeCPU) -> [UInt8] {
    (0..<512).map { UInt8(truncatingIfNeeded: $0 * 5 + cpu.number * 17) }
  }

  /// Lines of vmcoreinfo that only this architecture has.
  var informationLines: [String] {
    let offset = s390.values[5].map { $0 &- (s390.values[6] ?? 0) } ?? 0
    var lines = ["SYMBOL(lowcore_ptr)=\(String(s390.list &+ offset, radix: 16))"]
    lines.append("LENGTH(lowcore_ptr)=8")
    return lines
  }

  var informationText: [UInt8] {
    var information = recipe.vmcoreinfo
    information.lines += informationLines
    return Array(information.text(pageSize: 4096, crashed: recipe.moment != .running).utf8)
  }

  /// CKSM, by adding halves with the carry brought round.
  static func checksum(_ bytes: [UInt8]) -> UInt64 {
    var sum: UInt64 = 0
    for start in stride(from: 0, to: bytes.count, by: 4) {
      sum += RecipeOrder.big.value(in: bytes, at: start, width: 4)
      if sum > 0xffff_ffff { sum = sum - 0x1_0000_0000 + 1 }
    }
    return sum
  }

  /// The os_info page.
  func osInfoPage(information: UInt64?) -> [UInt8] {
    var page = [UInt8](repeating: 0, count: 4096)
    func put(_ value: UInt64, _ width: Int, at offset: Int) {
      page.replaceSubrange(
        offset..<offset + width, with: RecipeOrder.big.bytes(value, width: width))
    }
    func putEntry(_ number: Int, _ address: UInt64, _ bytes: [UInt8], _ sum: UInt64) {
      put(address, 8, at: 32 + 20 * number)
      put(UInt64(bytes.count), 8, at: 40 + 20 * number)
      put(sum, 4, at: 48 + 20 * number)
    }
    page.replaceSubrange(0..<8, with: Array("OSINFOSZ".utf8))
    put(1, 2, at: 12)
    put(1, 2, at: 14)
    if let crash = recipe.crash.first {
      put(crash.lowerBound, 8, at: 16)
      put(UInt64(crash.count), 8, at: 24)
    }
    if let information {
      let sum = Self.checksum(informationText)
      putEntry(
        0, information, informationText, s390.information == .damagedEntry ? sum ^ 1 : sum)
    }
    for block in s390.blocks where block.place == .osInfo {
      putEntry(1, block.address, block.bytes, Self.checksum(block.bytes))
    }
    for (number, value) in s390.values { put(value, 8, at: 32 + 20 * number) }
    put(Self.checksum(Array(page[12...])), 4, at: 8)
    return page
  }

  /// The notes, without the empty one at their end.
  var notes: [UInt8] {
    var information = [UInt8](repeating: 0, count: 136)
    information[1] = 0x52
    information.replaceSubrange(40..<47, with: Array("vmlinux".utf8))
    var notes = [RecipeNote(name: "CORE", type: 3, content: information)]
    for (index, cpu) in saved.enumerated() { notes += self.notes(of: cpu, index: index) }
    if s390.information != .none, s390.information != .odd {
      notes.append(RecipeNote(name: "VMCOREINFO", type: 0, content: informationText))
    }
    return notes.flatMap { $0.encoded(.big) }
  }

  private func notes(of cpu: RecipeCPU, index: Int) -> [RecipeNote] {
    let area = saveArea(of: cpu)
    var status = [UInt8](repeating: 0, count: 336)
    status.replaceSubrange(32..<36, with: RecipeOrder.big.bytes(UInt64(index + 1), width: 4))
    status.replaceSubrange(112..<128, with: area[0x100..<0x110])
    status.replaceSubrange(128..<256, with: area[0x80..<0x100])
    status.replaceSubrange(256..<320, with: area[0x140..<0x180])
    let floating = area[0x11c..<0x120] + [0, 0, 0, 0] + area[0..<0x80]
    var notes = [
      RecipeNote(name: "CORE", type: 1, content: status),
      RecipeNote(name: "CORE", type: 2, content: Array(floating)),
      RecipeNote(name: "LINUX", type: 0x301, content: Array(area[0x128..<0x130])),
      RecipeNote(name: "LINUX", type: 0x302, content: Array(area[0x130..<0x138])),
      RecipeNote(name: "LINUX", type: 0x303, content: Array(area[0x124..<0x128])),
      RecipeNote(name: "LINUX", type: 0x304, content: Array(area[0x180..<0x200])),
      RecipeNote(name: "LINUX", type: 0x305, content: Array(area[0x118..<0x11c])),
    ]
    guard s390.vectors != nil else { return notes }
    let vectors = vectors(of: cpu)
    let low = (0..<16).flatMap { Array(vectors[16 * $0 + 8..<16 * $0 + 16]) }
    notes.append(RecipeNote(name: "LINUX", type: 0x30a, content: Array(vectors[256...])))
    notes.append(RecipeNote(name: "LINUX", type: 0x309, content: low))
    return notes
  }

  /// The core header that the second kernel builds, with the notes at an address of its own.
  func header(notesAt place: UInt64, hasOSInfo: Bool) -> [UInt8] {
    var note = LayoutModel.Entry(type: 4, offset: place)
    note.memorySize = UInt64(notes.count)
    var table = [note]
    let values = hasOSInfo ? s390.values : [:]
    if values[5] ?? 0 != 0 {
      let start = values[10] ?? 0
      table.append(
        load(values[12] ?? 0, size: (values[11] ?? 0) - start, virtual: start))
    }
    for range in recipe.ram.flatMap({ ram in
      recipe.crash.first.map { BuiltImage.pieces(of: ram, without: $0) } ?? [ram]
    }) {
      let base = values[5] ?? 0 != 0 ? values[4] ?? 0 : 0
      table.append(
        load(range.lowerBound, size: UInt64(range.count), virtual: base + range.lowerBound))
    }
    return CoreHeaderModel(machine: 22, bits: 64, order: .big, table: table).bytes
  }

  private func load(_ start: UInt64, size: UInt64, virtual: UInt64) -> LayoutModel.Entry {
    var entry = LayoutModel.Entry(type: 1, flags: 7, offset: start)
    entry.virtual = virtual
    entry.physical = start
    entry.fileSize = size
    entry.memorySize = size
    entry.alignment = 4096
    return entry
  }
}
