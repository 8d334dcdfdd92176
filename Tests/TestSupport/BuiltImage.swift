/// The memory image of a recipe: memory, and which parts of it the file holds.
package struct BuiltImage: Sendable {
  /// A thing that was placed in memory.
  package struct Placed: Sendable, Equatable {
    /// What it is: "header", "cpu 0", "vmcoreinfo", "device tree"...
    package let name: String
    /// Where it lies.
    package let range: Range<UInt64>
  }

  /// A range of memory and where in the file its bytes stand.
  package struct Extent: Sendable, Equatable {
    /// The physical addresses.
    package var range: Range<UInt64>
    /// The offset of the first byte in the file.
    package var offset: UInt64
  }

  /// The recipe.
  package let recipe: Recipe
  /// All memory, also what the file leaves out.
  package let memory: SparseMemory
  /// Everything placed, in order.
  package let placed: [Placed]
  /// The parts of memory in the file, sorted.
  package let extents: [Extent]

  init(recipe: Recipe, memory: SparseMemory, placed: [Placed]) {
    self.recipe = recipe
    self.memory = memory
    self.placed = placed
    self.extents = Self.extents(of: recipe, truncated: true)
  }

  /// The size of the file.
  package var fileSize: UInt64 {
    extents.last.map { $0.offset + $0.range.upperBound - $0.range.lowerBound } ?? 0
  }

  /// The address of the core header.
  package var headerAddress: UInt64? { recipe.header }

  /// The core header with the zeros behind it, as it lies in memory after all damage.
  package var headerBytes: [UInt8] {
    guard let range = range(of: "header") else { return [] }
    return memory.read(range.lowerBound, range.count)
  }

  /// The RAM that the file does not hold.
  package var absentRanges: [Range<UInt64>] {
    extents.reduce(recipe.ram) { ranges, extent in
      ranges.flatMap { Self.pieces(of: $0, without: extent.range) }
    }
  }

  /// Where the first thing of a name lies.
  package func range(of name: String) -> Range<UInt64>? {
    placed.first { $0.name == name }?.range
  }

  /// The bytes at a physical address as the file has them; what it has not is zero.
  package func read(_ address: UInt64, _ count: Int) -> [UInt8] {
    let whole = address..<address + UInt64(count)
    if extents.contains(where: { $0.range.clamped(to: whole) == whole }) {
      return memory.read(address, count)
    }
    var bytes: [UInt8] = []
    while bytes.count < count {
      let place = address &+ UInt64(bytes.count)
      let left = UInt64(count - bytes.count)
      if let extent = extents.first(where: { $0.range.contains(place) }) {
        bytes += memory.read(place, Int(min(left, extent.range.upperBound - place)))
      } else {
        let next = extents.map(\.range.lowerBound).first { $0 > place }
        bytes += [UInt8](repeating: 0, count: Int(min(left, (next ?? UInt64.max) - place)))
      }
    }
    return bytes
  }

  /// The offset in the file at which an address stands; nil if the file has not got it.
  package func fileOffset(of address: UInt64) -> UInt64? {
    extents.first { $0.range.contains(address) }
      .map { $0.offset + (address - $0.range.lowerBound) }
  }

  /// Parts of the memory span that the file holds, one behind the other.
  static func extents(of recipe: Recipe, truncated: Bool) -> [Extent] {
    let ends = (recipe.ram + recipe.crash).map(\.upperBound)
    let page = recipe.pageSize
    let end = recipe.end ?? ((ends.max() ?? 0) + page - 1) / page * page
    guard recipe.base < end else { return [] }
    let parts = recipe.holes.reduce([recipe.base..<end]) { ranges, hole in
      ranges.flatMap { pieces(of: $0, without: hole) }
    }
    var offset: UInt64 = 0
    var extents: [Extent] = []
    for part in parts {
      extents.append(Extent(range: part, offset: offset))
      offset += part.upperBound - part.lowerBound
    }
    guard truncated, let size = recipe.truncation else { return extents }
    return extents.filter { $0.offset < size }.map { extent in
      let start = extent.range.lowerBound
      let kept = min(extent.range.upperBound - start, size - extent.offset)
      return Extent(range: start..<start + kept, offset: extent.offset)
    }
  }

  /// What remains of a range when another is taken out.
  static func pieces(of range: Range<UInt64>, without other: Range<UInt64>) -> [Range<UInt64>] {
    guard range.overlaps(other) else { return [range] }
    return [
      range.lowerBound..<max(range.lowerBound, other.lowerBound),
      min(range.upperBound, other.upperBound)..<range.upperBound,
    ].filter { !$0.isEmpty }
  }
}
