/// The ELF header as the model sees it: class, order and the place of each field.
struct ModelHeader {
  let bits: Int
  let order: RecipeOrder
  let count: Int

  /// Looks at the bytes that the kernel looks at, and no others.
  init(_ bytes: [UInt8]) throws(LayoutModel.Refusal) {
    if bytes.count < 16 || Array(bytes[0..<4]) != [0x7f, 0x45, 0x4c, 0x46] {
      throw .notAHeader("magic")
    }
    if bytes[4] != 1, bytes[4] != 2 { throw .notAHeader("class") }
    if bytes[5] != 1, bytes[5] != 2 { throw .notAHeader("byte order") }
    bits = bytes[4] == 1 ? 32 : 64
    order = bytes[5] == 1 ? .little : .big
    let tail = bits == 64 ? 52 : 40
    if bytes[6] != 1 { throw .notAHeader("EI_VERSION") }
    if order.value(in: bytes, at: 16, width: 2) != 4 { throw .notAHeader("e_type") }
    if order.value(in: bytes, at: 20, width: 4) != 1 { throw .notAHeader("e_version") }
    let size = order.value(in: bytes, at: tail, width: 2)
    if size != (bits == 64 ? 64 : 52) { throw .notAHeader("e_ehsize") }
    let entrySize = order.value(in: bytes, at: tail + 2, width: 2)
    if entrySize != (bits == 64 ? 56 : 32) { throw .notAHeader("e_phentsize") }
    count = Int(order.value(in: bytes, at: tail + 4, width: 2))
    if count == 0 { throw .noProgramHeaders }
    if bytes.count < self.size + count * self.entrySize { throw .notAHeader("table is cut off") }
  }

  var size: Int { bits == 64 ? 64 : 52 }
  var entrySize: Int { bits == 64 ? 56 : 32 }
  private var countOffset: Int { bits == 64 ? 56 : 44 }

  /// The program headers directly behind the ELF header.
  func table(in bytes: [UInt8]) -> [LayoutModel.Entry] {
    (0..<count).map { index in
      var entry = LayoutModel.Entry()
      let start = size + index * entrySize
      for field in fields {
        entry[keyPath: field.path] = order.value(
          in: bytes, at: start + field.offset, width: field.width)
      }
      return entry
    }
  }

  /// The ELF header with another e_phnum, and a table behind it.
  func bytes(of header: [UInt8], table: [LayoutModel.Entry]) -> [UInt8] {
    var bytes = Array(header[0..<size])
    bytes.replaceSubrange(
      countOffset..<countOffset + 2, with: order.bytes(UInt64(table.count), width: 2))
    for entry in table {
      var encoded = [UInt8](repeating: 0, count: entrySize)
      for field in fields {
        encoded.replaceSubrange(
          field.offset..<field.offset + field.width,
          with: order.bytes(entry[keyPath: field.path], width: field.width))
      }
      bytes += encoded
    }
    return bytes
  }

  private typealias Field = (
    path: WritableKeyPath<LayoutModel.Entry, UInt64>, offset: Int, width: Int
  )

  private var fields: [Field] {
    bits == 64
      ? [
        (\.type, 0, 4), (\.flags, 4, 4), (\.offset, 8, 8), (\.virtual, 16, 8),
        (\.physical, 24, 8), (\.fileSize, 32, 8), (\.memorySize, 40, 8), (\.alignment, 48, 8),
      ]
      : [
        (\.type, 0, 4), (\.offset, 4, 4), (\.virtual, 8, 4), (\.physical, 12, 4),
        (\.fileSize, 16, 4), (\.memorySize, 20, 4), (\.flags, 24, 4), (\.alignment, 28, 4),
      ]
  }
}
