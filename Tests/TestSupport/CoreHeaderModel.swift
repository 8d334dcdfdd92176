/// A core header put together from its parts: ELF header and program headers, no padding.
struct CoreHeaderModel {
  var machine: UInt64
  var bits: Int
  var order: RecipeOrder
  var table: [LayoutModel.Entry]

  var bytes: [UInt8] {
    let size = UInt64(bits == 64 ? 64 : 52)
    let width = bits / 8
    var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, bits == 64 ? 2 : 1, order == .big ? 2 : 1, 1]
    bytes += [UInt8](repeating: 0, count: 9)
    bytes += order.bytes(4, width: 2) + order.bytes(machine, width: 2)  // e_type, e_machine
    bytes += order.bytes(1, width: 4)  // e_version
    bytes += order.bytes(0, width: width) + order.bytes(size, width: width)  // e_entry, e_phoff
    bytes += order.bytes(0, width: width) + order.bytes(0, width: 4)  // e_shoff, e_flags
    bytes += order.bytes(size, width: 2)  // e_ehsize
    bytes += order.bytes(bits == 64 ? 56 : 32, width: 2)  // e_phentsize
    bytes += order.bytes(UInt64(table.count), width: 2)  // e_phnum
    bytes += [UInt8](repeating: 0, count: 6)
    for entry in table { bytes += encoded(entry) }
    return bytes
  }

  private func encoded(_ entry: LayoutModel.Entry) -> [UInt8] {
    let width = bits / 8
    let type = order.bytes(entry.type, width: 4)
    let flags = order.bytes(entry.flags, width: 4)
    let middle = [
      entry.offset, entry.virtual, entry.physical, entry.fileSize, entry.memorySize,
    ].flatMap { order.bytes($0, width: width) }
    let alignment = order.bytes(entry.alignment, width: width)
    return bits == 64 ? type + flags + middle + alignment : type + middle + flags + alignment
  }
}
