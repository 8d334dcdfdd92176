internal import Bytes
internal import DumpRecords

/// A stretch of memory of a QEMU machine: RAM, ROM, or the memory of a device.
struct RAMBlock {
  /// Its name in QEMU.
  let name: String
  /// Its bytes.
  let length: UInt64
  /// Where its pages stand, with `mapped-ram`.
  var mapping: MappedRAMHeader?
  /// Of RAM: where it begins, when all blocks of RAM are put one behind the other.
  private(set) var start: UInt64?

  /// A block from a list.
  init(name: String, length: UInt64) {
    self.name = name
    self.length = length
  }

  /// Decides which blocks are the machine's RAM, and in what order they follow one another.
  ///
  /// - Parameter isComplete: whether the list has all blocks. Otherwise a node counts only where
  ///   all nodes before it are listed: it begins where they end.
  static func choose(_ blocks: inout [RAMBlock], isComplete: Bool) {
    var chosen = blocks.indices.filter { blocks[$0].isMachineRAM }
    let backends = blocks.indices.filter { blocks[$0].isBackend }
    if chosen.isEmpty { chosen = blocks.indices.filter { blocks[$0].name == RAMBlock.usualName } }
    if chosen.isEmpty {
      chosen = backends.filter { !blocks[$0].isNamedAsPluggedIn }
      let largest = chosen.map { blocks[$0].length }.max() ?? 0
      chosen.removeAll { blocks[$0].isOfBoard && blocks[$0].length < largest / 16 }
    }
    if chosen.isEmpty { chosen = backends }
    // The list goes from the largest to the smallest: of nodes the numbers tell more.
    if BlockOrder(of: chosen.map { blocks[$0] }) != .open {
      chosen.sort { blocks[$0].number < blocks[$1].number }
    }
    if !isComplete, chosen.allSatisfy({ blocks[$0].isNode }) {
      chosen = zip(chosen, 0...).prefix { blocks[$0].number == $1 }.map(\.0)
    }
    var start: UInt64 = 0
    for index in chosen {
      blocks[index].start = start
      start = start.adding(blocks[index].length) ?? start
    }
  }

  /// The machine's RAM on most boards (`default_ram_id`).
  private static let usualName = "ram"
  /// Whether it may be what boards have beside their RAM: less than any node has.
  fileprivate var isOfBoard: Bool { length < 1 << 20 && !isNamedAsPluggedIn }

  /// RAM of the machine itself: `pc.ram`, `mach-virt.ram`, or one for each node: `ram-node0`.
  private var isMachineRAM: Bool {
    !ownName.contains("/") && ownName.hasSuffix(".ram") || isNode
  }

  /// RAM of a NUMA node, which has its number.
  var isNode: Bool { ownName.hasPrefix("ram-node") && !ownName.contains("/") }

  /// The name of a memory backend, as the user gave it: what belongs to a device has a slash or
  /// says what kind of memory it is: `vga.vram`, `pc.bios`, `virt.flash0`, `tpm-ppi`.
  fileprivate var isBackend: Bool {
    if name.hasPrefix(RAMBlock.ofObjects) { return !ownName.contains("/") }
    guard !name.contains("/"), !name.hasPrefix("tpm-") else { return false }
    guard let dot = name.lastIndex(of: ".") else { return true }
    let kind = name[dot...]
    return !["ram", "rom", "bios"].contains { kind.hasSuffix($0) } && !kind.hasPrefix(".flash")
  }

  /// A backend that libvirt, or QEMU's documents, name so when memory is plugged in while the
  /// machine runs: it lies behind all other memory, and the stream does not say where.
  fileprivate var isNamedAsPluggedIn: Bool {
    ["memdimm", "memnvdimm", "memvirtio", "dimm", "nvdimm"].contains { ownName.hasPrefix($0) }
  }

  /// The name without what older machines put before it.
  fileprivate var ownName: Substring {
    name.hasPrefix(RAMBlock.ofObjects) ? name.dropFirst(RAMBlock.ofObjects.count) : name[...]
  }

  private static let ofObjects = "/objects/"

  private var digits: Int { name.reversed().prefix { ("0"..."9").contains($0) }.count }

  /// The name without the number at its end.
  var stem: Substring { name.dropLast(digits) }

  private var number: Int { Int(name.suffix(digits)) ?? 0 }
}

extension MigrationStream {
  /// The blocks of RAM in the order in which they follow one another.
  var ramBlocks: [RAMBlock] {
    blocks.filter { $0.start != nil }.sorted { ($0.start ?? 0) < ($1.start ?? 0) }
  }

  /// Machines that mostly run on one of their own kind, which is big-endian.
  private static let bigEndian = ["s390"]

  /// The byte order of the machine that most likely wrote the stream.
  var usualHostOrder: ByteOrder {
    MigrationStream.bigEndian.contains { machine.hasPrefix($0) } ? .big : .little
  }

  /// Memory beside the machine's own: its address is in the states of devices, which nothing but
  /// QEMU can read.
  var blocksBeside: [RAMBlock] {
    blocks.filter { $0.start == nil && $0.isBackend && !$0.isOfBoard }
  }

  /// Machines whose RAM begins at 0 and has no hole.
  private static let fromZero = ["s390", "pseries", "powernv"]

  /// Where the RAM of boards begins, which has no hole (QEMU `hw/arm`).
  private static let boards: [String: UInt64] = [
    "vexpress-a9": 0x6000_0000, "vexpress-a15": 0x8000_0000, "sabrelite": 0x1000_0000,
    "mcimx6ul-evk": 0x8000_0000, "mcimx7d-sabre": 0x8000_0000, "orangepi-pc": 0x4000_0000,
    "cubieboard": 0x4000_0000, "sbsa-ref": 0x100_0000_0000,
  ]

  /// Whether its RAM leaves room for devices below 4 GiB.
  var isPC: Bool {
    ["pc", "q35", "microvm"].contains(String(machine.prefix { $0 != "-" }))
  }

  /// How the RAM lies in memory, as far as the machine's name tells; nil where it does not.
  func layout(ofSize size: UInt64) -> ImageLayout? {
    let names = ramBlocks.map(\.ownName)
    let kind = machine.prefix { $0 != "-" }
    switch kind {
    case "pc" where machine.hasPrefix("pc-q35"), "q35":
      return MachinePreset.q35.layout(forSize: size)
    case "pc": return pc(size)
    case "microvm": return MachinePreset.microvm.layout(forSize: size)
    case "virt" where names == ["mach-virt.ram"]: return base(0x4000_0000)
    case "virt" where names == ["riscv_virt_board.ram"]: return base(0x8000_0000)
    // Only arm64 has versions of this machine since long.
    case "virt" where machine.contains("-"): return base(0x4000_0000)
    default:
      if let board = MigrationStream.boards[machine] { return base(board) }
      return MigrationStream.fromZero.contains { kind.hasPrefix($0) } ? base(0) : nil
    }
  }

  /// Up to QEMU 1.7 low RAM ended later.
  private func pc(_ size: UInt64) -> ImageLayout {
    let isOld = ["pc-0.", "pc-1.", "pc-i440fx-1."].contains { machine.hasPrefix($0) }
    guard isOld, size >= MachinePreset.pc.threshold else {
      return MachinePreset.pc.layout(forSize: size)
    }
    return ImageLayout(
      base: 0, holes: [MachinePreset.pc.threshold..<MachinePreset.highStart],
      name: "machine \(machine)")
  }

  private func base(_ base: UInt64) -> ImageLayout {
    ImageLayout(base: base, holes: [], name: "machine \(machine)")
  }
}
