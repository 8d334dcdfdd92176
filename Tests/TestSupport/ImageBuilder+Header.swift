extension ImageBuilder {
  /// The table that the producer writes: notes, kernel text, RAM.
  func usualTable(notes: [Range<UInt64>]) -> [LayoutModel.Entry] {
    var table = notes.map { section in
      var entry = LayoutModel.Entry(type: 4, offset: section.lowerBound)
      entry.physical = section.lowerBound
      entry.fileSize = section.upperBound - section.lowerBound
      entry.memorySize = entry.fileSize
      return entry
    }
    if let text = recipe.kernelText {
      table.append(load(at: text.physical, size: text.size, virtual: text.virtual))
    }
    for range in loadRanges {
      var entry = load(
        at: range.lowerBound, size: range.upperBound - range.lowerBound,
        virtual: virtualAddress(of: range))
      if let backup = recipe.backup, range == backup.source { entry.offset = backup.address }
      table.append(entry)
    }
    return table
  }

  /// RAM without the crash regions, split at the backup region.
  private var loadRanges: [Range<UInt64>] {
    guard let source = recipe.backup?.source else { return crashedRAM }
    return crashedRAM.flatMap { range -> [Range<UInt64>] in
      guard range.overlaps(source) else { return [range] }
      let parts = BuiltImage.pieces(of: range, without: source) + [range.clamped(to: source)]
      return parts.sorted { $0.lowerBound < $1.lowerBound }
    }
  }

  private func load(at start: UInt64, size: UInt64, virtual: UInt64) -> LayoutModel.Entry {
    var entry = LayoutModel.Entry(type: 1, flags: 7, offset: start)
    entry.virtual = virtual
    entry.physical = start
    entry.fileSize = size
    entry.memorySize = size
    return entry
  }

  private func virtualAddress(of range: Range<UInt64>) -> UInt64 {
    let architecture = recipe.architecture
    if let limit = architecture.lowMemoryLimit, range.upperBound > limit { return UInt64.max }
    let first = recipe.ram.map(\.lowerBound).min() ?? 0
    let origin = architecture.mapsFromFirstRAM ? first : 0
    return (recipe.pageOffset ?? architecture.pageOffset) &+ range.lowerBound &- origin
  }

  /// The table after the recipe's changes.
  func edited(_ usual: [LayoutModel.Entry]) throws(RecipeError) -> [LayoutModel.Entry] {
    var table = usual
    for edit in recipe.loadEdits {
      switch edit {
      case .add(let fields):
        var entry = LayoutModel.Entry(type: 1, flags: 7)
        entry.change(fields)
        table.append(entry)
      case .set(let index, let fields):
        guard table.indices.contains(index) else {
          throw RecipeError("load set \(index): no entry")
        }
        table[index].change(fields)
      case .remove(let index):
        guard table.indices.contains(index) else {
          throw RecipeError("load remove \(index): no entry")
        }
        table.remove(at: index)
      case .order(let order):
        guard order.sorted() == Array(table.indices) else {
          throw RecipeError("load-order: not each of 0 to \(table.count - 1) once")
        }
        let old = table
        table = order.map { old[$0] }
      case .shuffle(let seed):
        var generator = SeededGenerator(seed: seed)
        let places = table.indices.filter { table[$0].type == 1 }
        let loads = places.map { table[$0] }.shuffled(using: &generator)
        for (place, load) in zip(places, loads) { table[place] = load }
      }
    }
    return table
  }

  /// The header with zeros up to the room that its producer takes.
  func headerBytes(table: [LayoutModel.Entry]) throws(RecipeError) -> [UInt8] {
    guard table.count < 65536 else { throw RecipeError("\(table.count) program headers") }
    var bytes = CoreHeaderModel(
      machine: recipe.architecture.machine, bits: recipe.bits, order: recipe.order, table: table
    ).bytes
    let room = recipe.producer == .kernel ? 4096 : 1024
    bytes += [UInt8](repeating: 0, count: (room - bytes.count % room) % room)
    return bytes
  }
}

extension LayoutModel.Entry {
  fileprivate mutating func change(_ fields: [String: UInt64]) {
    let paths: [String: WritableKeyPath<LayoutModel.Entry, UInt64>] = [
      "type": \.type, "offset": \.offset, "vaddr": \.virtual, "paddr": \.physical,
      "filesz": \.fileSize, "memsz": \.memorySize, "flags": \.flags, "align": \.alignment,
    ]
    for (name, value) in fields {
      if let path = paths[name] { self[keyPath: path] = value }
    }
  }
}
