package import Bytes

/// How the bytes of a raw file lie in physical memory: the address of its first byte, and the
/// address ranges that the file leaves out.
package struct ImageLayout: Hashable, Sendable {
  /// Address of the first byte of the file.
  package var base: UInt64
  /// Ranges of addresses that have no bytes in the file, ascending and disjoint.
  package var holes: [Range<UInt64>]
  /// Parts of the file in the order in which they follow one another in memory, where that is not
  /// the file's, or could be another one. They are all of the file.
  package var order: [Range<UInt64>] = []
  /// What to call it: `address = offset`, `base 0x40000000`, `machine q35`.
  package var name: String

  /// Address = file offset.
  package static let identity = ImageLayout(base: 0, holes: [], name: "address = file offset")

  /// Every range where the headers of a dump file say.
  package static let ofDump = ImageLayout(base: 0, holes: [], name: "as the dump's headers say")

  /// A layout from its parts.
  package init(base: UInt64, holes: [Range<UInt64>], name: String) {
    self.base = base
    self.holes = holes
    self.name = name
  }

  /// A layout that something suggests: it is called by what it is, and by that.
  package init(base: UInt64, holes: [Range<UInt64>], from origin: String) {
    var parts = holes.map { "hole \($0.hex)" }
    if base != 0 { parts.insert("base \(base.hex)", at: 0) }
    guard !parts.isEmpty else {
      self = .identity
      return
    }
    self.init(
      base: base, holes: holes, name: "\(parts.joined(separator: ", ")) (\(origin))")
  }

  /// The file's first byte is at `base`.
  package static func base(_ base: UInt64) -> ImageLayout {
    ImageLayout(base: base, holes: [], name: "base \(base.hex)")
  }

  /// The same with the parts of the file in an order of their own.
  package func ordered(_ order: [Range<UInt64>], name: String) -> ImageLayout {
    var layout = self
    layout.order = order
    layout.name = name
    return layout
  }

  /// The settings that make it; its name, where none do.
  package var settings: Message {
    guard isInOrder else { return "\(name)" }
    var settings = holes.map { hole -> Message in
      "\(.holes)=\(hole.lowerBound.hex)-\(hole.upperBound.hex)"
    }
    if base != 0 || holes.isEmpty { settings.insert("\(.base)=\(base.hex)", at: 0) }
    return settings.dropFirst().reduce(settings[0]) { "\($0) \($1)" }
  }

  /// Whether address = file offset, whatever it is called.
  package var isIdentity: Bool { base == 0 && holes.isEmpty && isInOrder }

  /// Whether no byte of the file lies before one that precedes it there.
  private var isInOrder: Bool {
    zip(order, order.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound }
  }

  /// Whether only the order of parts of the file may differ.
  package func isAlike(_ other: ImageLayout) -> Bool { base == other.base && holes == other.holes }

  /// Whether every byte of a file of `size` bytes lies at the same address under both.
  package func places(_ size: UInt64, as other: ImageLayout) -> Bool {
    base == other.base && holes(within: size) == other.holes(within: size)
      && (order == other.order || isInOrder && other.isInOrder)
  }

  /// The holes before the last byte of a file of `size` bytes.
  private func holes(within size: UInt64) -> [Range<UInt64>] {
    guard size > 0, let last = address(ofPlace: size - 1) else { return holes }
    return holes.filter { $0.lowerBound <= last }
  }

  /// The address of a byte of the file, or nil where it needs more than 64 bits.
  package func address(ofFileOffset offset: UInt64) -> UInt64? {
    var place: UInt64 = 0
    for part in order {
      if part.contains(offset) { return address(ofPlace: place + (offset - part.lowerBound)) }
      place += part.length
    }
    return address(ofPlace: offset)
  }

  /// The address of a byte by its place among all bytes of the file, as they follow one another in
  /// memory.
  private func address(ofPlace place: UInt64) -> UInt64? {
    guard var address = base.adding(place) else { return nil }
    for hole in holes where hole.lowerBound <= address {
      guard let moved = address.adding(hole.length) else { return nil }
      address = moved
    }
    return address
  }

  /// The regions of a file under this layout; what would lie behind 2⁶⁴ is left out.
  package func regions(of source: any ByteSource) -> [MemoryRegion] {
    var regions: [MemoryRegion] = []
    var address = base
    var offset: UInt64 = 0
    for hole in holes where hole.lowerBound >= address && offset < source.size {
      let length = min(hole.lowerBound - address, source.size - offset)
      regions.append(
        MemoryRegion(range: address..<address + length, source: source, offset: offset))
      offset += length
      address = hole.upperBound
    }
    let length = min(source.size - offset, UInt64.max - address)
    regions.append(
      MemoryRegion(range: address..<address + length, source: source, offset: offset))
    return regions.flatMap(inOrder).filter { !$0.range.isEmpty }
  }

  /// A region by places, as one for each part of the file in it.
  private func inOrder(_ region: MemoryRegion) -> [MemoryRegion] {
    guard !isInOrder else { return [region] }
    let places = region.offset..<region.offset + region.range.length
    var regions: [MemoryRegion] = []
    var start: UInt64 = 0
    for part in order {
      let shared = (start..<start + part.length).clamped(to: places)
      if !shared.isEmpty {
        let address = region.range.lowerBound + (shared.lowerBound - places.lowerBound)
        regions.append(
          MemoryRegion(
            range: address..<address + shared.length, source: region.source,
            offset: part.lowerBound + (shared.lowerBound - start)))
      }
      start += part.length
    }
    return regions
  }
}
