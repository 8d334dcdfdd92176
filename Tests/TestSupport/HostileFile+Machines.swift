// Files of machines' monitors and firmware of each hostile kind.
extension HostileFile {
  /// A state of cloud-hypervisor full of addresses without a length.
  static func stateKeys(_ scale: Double) -> HostileFile {
    let key = Array("\"gpa\":1,".utf8)
    var file = HostileFile("cloud-hypervisor-keys")
    file.put(
      Array("{\"snapshots\":1,\"snapshot_data\":1,".utf8)
        + [UInt8]((0..<Int(120_000 * scale)).flatMap { _ in key }) + Array("}".utf8), at: 0)
    return file
  }

  /// The head of a migration stream with one block of RAM, up to its first record.
  private static func stream(_ machine: String, _ block: String, pageBits: UInt64?) -> [UInt8] {
    let order = RecipeOrder.big
    func text(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }
    var bytes = Array("QEVM".utf8) + order.bytes(3, width: 4) + [7]
    bytes += order.bytes(UInt64(machine.utf8.count), width: 4) + Array(machine.utf8)
    if let pageBits {
      bytes += [5] + text("configuration/target-page-bits") + order.bytes(1, width: 4)
      bytes += order.bytes(pageBits, width: 4)
    }
    bytes += [1] + order.bytes(2, width: 4) + text("ram") + order.bytes(0, width: 4)
    bytes += order.bytes(4, width: 4) + order.bytes(1 << 32 | 4, width: 8) + text(block)
    bytes += order.bytes(1 << 32, width: 8) + order.bytes(0x10, width: 8)
    return bytes + [0x7e] + order.bytes(2, width: 4) + [2] + order.bytes(2, width: 4)
  }

  /// A migration stream whose first page is said to be packed into 2 GiB, which are a hole.
  static func longPage(_: Double) -> HostileFile {
    var file = HostileFile("savevm-long-page", size: 1 << 31)
    let block = "pc.ram"
    let record =
      RecipeOrder.big.bytes(0x100, width: 8) + [UInt8(block.utf8.count)] + Array(block.utf8)
      + RecipeOrder.big.bytes(0x7fff_0000, width: 4)
    file.put(stream("pc-q35-7.2", block, pageBits: nil) + record, at: 0)
    return file
  }

  /// A migration stream of filled pages, the largest that a target has, far from each other.
  static func largePages(_ scale: Double) -> HostileFile {
    let block = "mach-virt.ram"
    var bytes = stream("virt-7.2", block, pageBits: 16)
    for index in 0..<UInt64(1000 * scale) {
      bytes += RecipeOrder.big.bytes(index << 22 | (index == 0 ? 2 : 0x22), width: 8)
      if index == 0 { bytes += [UInt8(block.utf8.count)] + Array(block.utf8) }
      bytes += [5]
    }
    bytes += RecipeOrder.big.bytes(0x10, width: 8) + [0x7e] + RecipeOrder.big.bytes(2, width: 4)
    var file = HostileFile("savevm-large-pages")
    file.put(bytes + [0], at: 0)
    return file
  }

  /// A dump of Fujitsu's firmware in which every other frame exists.
  static func singleBlocks(_ scale: Double) -> HostileFile {
    let bitmap = Int(900_000 * scale) / 4096 * 4096
    let model = SadumpModel([MemoryPart(0, [UInt8](repeating: 1, count: 4096))])
    var file = HostileFile("sadump-single-frames")
    file.put(Array(model.single[..<0x3000]), at: 0)
    let blocks = UInt64(bitmap / 4096)
    file.put([blocks, blocks, UInt64(bitmap) * 8], width: 4, at: 0x1000 + 0x34)
    file.put([UInt64(bitmap) * 8], width: 8, at: 0x1000 + 0x58)
    file.put([UInt8](repeating: 0x55, count: bitmap), at: 0x3000)
    file.size = 0x3000 + UInt64(2 * bitmap)
    return file
  }

  /// A core of Xen whose table of frames is a hole.
  static func frameTableInHole(_: Double) -> HostileFile {
    let core = XenCoreModel([MemoryPart(0, [UInt8](repeating: 1, count: 4096))]).bytes
    var file = HostileFile("xen-table-in-hole", size: 1 << 41)
    file.put(core, at: 0)
    // Offset and size of the sections of pages, and of the table.
    file.put([1 << 39], width: 8, at: 64 + 5 * 64 + 32)
    file.put([1 << 40, 1 << 40], width: 8, at: 64 + 6 * 64 + 24)
    return file
  }
}
