/// Random core headers of every form that section sizes, orders and classes can take.
package struct RandomHeaders: Sequence, IteratorProtocol, Sendable {
  private static let memorySize: UInt64 = 0x40000
  private var seed: UInt64

  /// Headers from a seed on; each further one has the next seed.
  package init(seed: UInt64) {
    self.seed = seed
  }

  /// The next header; there is always one.
  package mutating func next() -> RandomHeader? {
    defer { seed &+= 1 }
    return Self.header(seed: seed)
  }

  /// The header of a seed.
  package static func header(seed: UInt64) -> RandomHeader {
    var random = SeededGenerator(seed: seed)
    let order = RecipeOrder.allCases[Int.random(in: 0...1, using: &random)]
    let bits = Bool.random(using: &random) ? 64 : 32
    let pageSize: UInt64 = [4096, 4096, 16384, 65536].randomElement(using: &random) ?? 4096
    let notesFirst = Int.random(in: 0..<5, using: &random) != 0
    var memory = content(&random)
    let hasNotes = Int.random(in: 0..<20, using: &random) != 0
    let noteCount = hasNotes ? Int.random(in: 1...5, using: &random) : 0
    var notes: [LayoutModel.Entry] = []
    for index in 0..<noteCount {
      let start = 0x2000 + UInt64(index) * 0x800 + UInt64.random(in: 0...8, using: &random) * 4
      notes.append(note(at: start, order, &memory, &random))
    }
    var loads: [LayoutModel.Entry] = []
    for _ in 0..<Int.random(in: 0...6, using: &random) { loads.append(load(&random)) }
    if !notesFirst { (notes, loads) = ((notes + loads).shuffled(using: &random), []) }
    let address = 0x1000 * UInt64.random(in: 8..<32, using: &random)
    let machine = bits == 64 ? UInt64(order == .little ? 62 : 22) : (order == .little ? 3 : 8)
    let header = CoreHeaderModel(
      machine: machine, bits: bits, order: order, table: notes + loads
    ).bytes
    memory.replaceSubrange(Int(address)..<Int(address) + header.count, with: header)
    return RandomHeader(
      seed: seed, address: address, header: header, memory: memory, pageSize: pageSize,
      compat: LayoutModel.Compat.allCases.randomElement(using: &random) ?? .from311,
      exact: Bool.random(using: &random))
  }

  private static func content(_ random: inout SeededGenerator) -> [UInt8] {
    let range = 0..<memorySize
    let fill = RecipeFill(range: range, content: .random(seed: random.next()))
    var memory = fill.bytes(in: range, order: .little)
    memory.replaceSubrange(0x1000..<0x6000, with: repeatElement(0, count: 0x5000))
    return memory
  }

  /// A note section: whole, exactly full, damaged or empty.
  private static func note(
    at start: UInt64, _ order: RecipeOrder, _ memory: inout [UInt8],
    _ random: inout SeededGenerator
  ) -> LayoutModel.Entry {
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      let size = Int.random(in: 0...200, using: &random)
      let content = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
      let name = ["CORE", "LINUX", "VMCOREINFO", "X"].randomElement(using: &random) ?? "CORE"
      let type = UInt64.random(in: 0...0x310, using: &random)
      bytes += RecipeNote(name: name, type: type, content: content).encoded(order)
    }
    var size = bytes.count
    switch Int.random(in: 0..<6, using: &random) {
    case 0: break
    case 1: size = Swift.max(0, size - Int.random(in: 1...20, using: &random))
    case 2:
      let tooMuch = UInt64.random(in: 1000...3000, using: &random)
      bytes += order.bytes(5, width: 4) + order.bytes(tooMuch, width: 4)
      bytes += order.bytes(1, width: 4)
      size += Int.random(in: 12...200, using: &random)
    default: size += Int.random(in: 12...500, using: &random)
    }
    memory.replaceSubrange(Int(start)..<Int(start) + bytes.count, with: bytes)
    var entry = LayoutModel.Entry(type: 4, offset: start)
    entry.physical = start
    entry.memorySize = UInt64(size)
    entry.fileSize = Bool.random(using: &random) ? entry.memorySize : 0
    return entry
  }

  /// A load, empty or not, aligned or not; now and then an entry of another type.
  private static func load(_ random: inout SeededGenerator) -> LayoutModel.Entry {
    let types: [UInt64] = [1, 1, 1, 1, 1, 0, 2, 6, 0x6474_e551]
    var entry = LayoutModel.Entry(type: types.randomElement(using: &random) ?? 1)
    let aligned = Bool.random(using: &random)
    entry.offset = UInt64.random(in: 0..<0x30000, using: &random)
    entry.memorySize = UInt64.random(in: 0..<0xf000, using: &random)
    if aligned {
      entry.offset &= ~0xfff
      entry.memorySize &= ~0xfff
    }
    if Int.random(in: 0..<6, using: &random) == 0 { entry.memorySize = 0 }
    entry.physical = Bool.random(using: &random) ? entry.offset : entry.offset ^ 0x10000
    entry.virtual = 0xc000_0000 + entry.physical
    entry.fileSize = Bool.random(using: &random) ? entry.memorySize : entry.memorySize / 2
    entry.flags = UInt64.random(in: 0...7, using: &random)
    entry.alignment = Bool.random(using: &random) ? 0 : 4096
    return entry
  }
}
