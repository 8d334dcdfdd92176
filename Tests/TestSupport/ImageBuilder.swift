/// Lays out the memory that a recipe describes, step by step in the order of the events.
package struct ImageBuilder {
  let recipe: Recipe
  var memory = SparseMemory()
  /// Ranges that nothing may be placed into by chance.
  var occupied: [Range<UInt64>] = []
  var header: [UInt8] = []
  var placed: [BuiltImage.Placed] = []

  /// The image of a recipe.
  package static func build(_ recipe: Recipe) throws(RecipeError) -> BuiltImage {
    var builder = ImageBuilder(recipe: recipe)
    try builder.checkRanges()
    builder.occupyGivenRanges()
    builder.fillMemory()
    builder.placeKernelSymbols()
    builder.placeLog()
    for map in recipe.memoryMaps {
      builder.place("memory map", map.bytes(ram: recipe.ram), at: map.address)
    }
    if let model = S390Model(recipe) {
      try builder.placeS390(model)
      return BuiltImage(recipe: recipe, memory: builder.memory, placed: builder.placed)
    }
    var notes: [Range<UInt64>] = []
    if let fadump = recipe.fadump {
      try builder.placeFadump(fadump)
    } else {
      notes = try builder.placeNotes()
      if let address = recipe.header {
        builder.header = try builder.headerBytes(
          table: builder.edited(builder.usualTable(notes: notes)))
        builder.place("header", builder.header, at: address)
      }
      builder.saveBackup()
    }
    builder.placeOtherKernels()
    builder.placeNaming()
    try builder.placeDecoys(notes: notes)
    try builder.placeMergedHeader()
    for damage in recipe.damage { builder.memory.write(damage.bytes, at: damage.address) }
    return BuiltImage(recipe: recipe, memory: builder.memory, placed: builder.placed)
  }

  /// The image of a recipe's text.
  package static func build(parsing text: String) throws(RecipeError) -> BuiltImage {
    try build(RecipeParser.parse(text))
  }

  private init(recipe: Recipe) {
    self.recipe = recipe
  }

  private func checkRanges() throws(RecipeError) {
    if recipe.ram.isEmpty { throw RecipeError("there is no line 'ram'") }
    for range in recipe.ram where range.upperBound > 1 << 48 {
      throw RecipeError("RAM ends at 0x\(String(range.upperBound, radix: 16)), above 48 bits")
    }
    for fill in recipe.fills where fill.range.upperBound - fill.range.lowerBound > 1 << 24 {
      throw RecipeError("a fill of more than 16 MiB makes tests slow")
    }
    if let backup = recipe.backup, backup.source.count > 1 << 24 {
      throw RecipeError("a backup region of more than 16 MiB makes tests slow")
    }
    if recipe.header == nil, !recipe.naming.isEmpty {
      throw RecipeError("'name-by' without a 'header'")
    }
  }

  private mutating func occupyGivenRanges() {
    if let backup = recipe.backup {
      occupied.append(backup.source)
      occupied.append(backup.address..<backup.address + UInt64(backup.source.count))
    }
    if let text = recipe.kernelText, text.size < 1 << 40 {
      occupied.append(text.physical..<text.physical + text.size)
    }
    for fill in recipe.fills { occupied.append(fill.range) }
    if let symbols = recipe.kernelSymbols {
      let size = UInt64(KernelSymbolsModel.size)
      occupied.append(symbols.physical..<symbols.physical + size)
      if let image = symbols.kexecImage {
        occupied.append(image.physical..<image.physical + 4096)
      }
    }
    for map in recipe.memoryMaps { occupied.append(map.address..<map.address + 4096) }
    if let name = recipe.systemName { occupied.append(name..<name + 390) }
    for address in recipe.naming.map(\.address) + recipe.decoys.map(\.address) {
      occupied.append(address..<address + 8192)
    }
    for tree in recipe.decoys.compactMap(\.tree) { occupied.append(tree..<tree + 4096) }
  }

  private mutating func fillMemory() {
    for fill in recipe.fills {
      if fill.content == .zero, memory.written(in: fill.range).isEmpty { continue }
      memory.write(fill.bytes(in: fill.range, order: recipe.order), at: fill.range.lowerBound)
    }
    if let address = recipe.systemName { placeName(of: recipe.vmcoreinfo.release, at: address) }
  }

  /// What `uname -m` prints where that is not the architecture's name here.
  private static let machines = [
    "arm64": "aarch64", "arm": "armv7l", "mipsel": "mips", "mips64el": "mips64",
  ]

  /// The names of a kernel of this architecture.
  mutating func placeName(of release: String, at address: UInt64) {
    let name = recipe.architecture.name
    let machine = ImageBuilder.machines[name] ?? name
    let fields = ["Linux", "crashed", release, "#1 SMP", machine, "(none)"]
    for (index, field) in fields.enumerated() {
      let bytes = Array(field.utf8.prefix(64))
      let rest = [UInt8](repeating: 0, count: 65 - bytes.count)
      memory.write(bytes + rest, at: address + UInt64(65 * index))
    }
  }

  /// The purgatory's work: copies low memory away; then the second kernel uses it.
  mutating func saveBackup() {
    guard recipe.moment == .after, let backup = recipe.backup else { return }
    let size = backup.source.count
    memory.write(memory.read(backup.source.lowerBound, size), at: backup.address)
    var used = memory.written(in: backup.source)
    if used.isEmpty {
      let start = backup.source.lowerBound
      used = [start..<min(backup.source.upperBound, start + 4096)]
    }
    for part in used {
      memory.write([UInt8](repeating: 0xb5, count: part.count), at: part.lowerBound)
    }
  }

  /// The header that the second kernel made for its /proc/vmcore.
  private mutating func placeMergedHeader() throws(RecipeError) {
    guard recipe.moment == .after, recipe.header != nil, !recipe.omitsMergedHeader else { return }
    let bytes = mergedHeader()
    guard !bytes.isEmpty else { return }
    guard let address = recipe.mergedHeader ?? freeAddress(size: bytes.count, in: recipe.crash)
    else { throw RecipeError("no room for the merged header in the crash region") }
    place("merged", bytes, at: address)
  }

  /// Header and table of /proc/vmcore; empty if the second kernel would refuse.
  func mergedHeader() -> [UInt8] {
    let model = LayoutModel(compat: recipe.compat, pageSize: recipe.corePageSize, exact: true)
    let memory = memory
    guard let front = try? model.front(header: header, memory: { memory.read($0, $1) }) else {
      return []
    }
    return Array(front.prefix(Int(recipe.corePageSize)))
  }

  /// Writes bytes and remembers under which name.
  mutating func place(_ name: String, _ bytes: [UInt8], at address: UInt64) {
    memory.write(bytes, at: address)
    occupied.append(address..<address + UInt64(bytes.count))
    placed.append(.init(name: name, range: address..<address + UInt64(bytes.count)))
  }

  /// The lowest page in some ranges behind which there is room.
  func freeAddress(size: Int, in ranges: [Range<UInt64>]) -> UInt64? {
    for range in ranges {
      var start = (range.lowerBound + 4095) & ~4095
      while start + UInt64(size) <= range.upperBound {
        let wanted = start..<start + UInt64(size)
        guard let taken = occupied.first(where: { $0.overlaps(wanted) }) else { return start }
        start = (taken.upperBound + 4095) & ~4095
      }
    }
    return nil
  }

  /// RAM without the crash regions.
  var crashedRAM: [Range<UInt64>] {
    recipe.crash.reduce(recipe.ram) { ranges, crash in
      ranges.flatMap { BuiltImage.pieces(of: $0, without: crash) }
    }
  }
}
