/// A flat device tree, version 17, as a kexec load passes it on.
struct DeviceTreeModel {
  /// Physical addresses take this many 32-bit cells.
  var cells: Int
  var memory: [Range<UInt64>]
  var usable: [Range<UInt64>]
  var header: Range<UInt64>?
  var bootArguments: String?

  private var structure: [UInt8] = []
  private var strings: [UInt8] = []

  init(
    cells: Int, memory: [Range<UInt64>], usable: [Range<UInt64>], header: Range<UInt64>?,
    bootArguments: String?
  ) {
    self.cells = cells
    self.memory = memory
    self.usable = usable
    self.header = header
    self.bootArguments = bootArguments
  }

  /// The blob.
  func blob() -> [UInt8] {
    var tree = self
    tree.beginNode("")
    tree.add("#address-cells", word(UInt64(cells)))
    tree.add("#size-cells", word(UInt64(cells)))
    tree.add("compatible", Array("linux,dummy-virt".utf8) + [0])
    let start = String(memory.first?.lowerBound ?? 0, radix: 16)
    tree.beginNode("memory@\(start)")
    tree.add("device_type", Array("memory".utf8) + [0])
    tree.add("reg", memory.flatMap(pair))
    tree.endNode()
    tree.beginNode("chosen")
    if let bootArguments { tree.add("bootargs", Array(bootArguments.utf8) + [0]) }
    if let header { tree.add("linux,elfcorehdr", pair(header)) }
    if !usable.isEmpty { tree.add("linux,usable-memory-range", usable.flatMap(pair)) }
    tree.endNode()
    tree.endNode()
    tree.structure += word(9)
    return tree.assembled()
  }

  private func assembled() -> [UInt8] {
    let reservations: [UInt8] =
      (header.map { header in
        RecipeOrder.big.bytes(header.lowerBound, width: 8)
          + RecipeOrder.big.bytes(UInt64(header.count), width: 8)
      } ?? []) + [UInt8](repeating: 0, count: 16)
    let structureStart = 40 + reservations.count
    let stringsStart = structureStart + structure.count
    let total = stringsStart + strings.count
    let fields = [
      0xd00d_feed, total, structureStart, stringsStart, 40, 17, 16, 0, strings.count,
      structure.count,
    ]
    return fields.flatMap { word(UInt64($0)) } + reservations + structure + strings
  }

  private func word(_ value: UInt64) -> [UInt8] {
    RecipeOrder.big.bytes(value, width: 4)
  }

  private func pair(_ range: Range<UInt64>) -> [UInt8] {
    RecipeOrder.big.bytes(range.lowerBound, width: cells * 4)
      + RecipeOrder.big.bytes(range.upperBound - range.lowerBound, width: cells * 4)
  }

  private mutating func beginNode(_ name: String) {
    structure += word(1) + Array(name.utf8) + [0]
    pad()
  }

  private mutating func endNode() {
    structure += word(2)
  }

  private mutating func add(_ name: String, _ value: [UInt8]) {
    structure += word(3) + word(UInt64(value.count)) + word(UInt64(strings.count)) + value
    pad()
    strings += Array(name.utf8) + [0]
  }

  private mutating func pad() {
    while structure.count % 4 != 0 { structure.append(0) }
  }
}
