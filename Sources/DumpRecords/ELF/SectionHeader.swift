package import Bytes

/// One entry of the section header table, `Elf32_Shdr` / `Elf64_Shdr`, widened to 64 bits: of a
/// core file only where something stands by name, and in the first one the number of program
/// headers. Layout: ELF gABI, "Section Header".
package struct SectionHeader: Equatable, Sendable {
  package var name: UInt32  // sh_name, an offset in the section of names
  package var type: UInt32  // sh_type
  package var offset: UInt64  // sh_offset
  package var length: UInt64  // sh_size
  package var info: UInt32  // sh_info
  package var entrySize: UInt64  // sh_entsize

  /// `sh_info`: the number of program headers where `e_phnum` is `PN_XNUM`.
  package static func info(in elfClass: ELFClass) -> Field<UInt32> {
    switch elfClass {
    case .bits32: Field(at: 28)
    case .bits64: Field(at: 44)
    }
  }

  /// Size of an entry.
  package static func size(in elfClass: ELFClass) -> Int { elfClass == .bits32 ? 40 : 64 }

  /// An entry from its fields.
  package init(
    name: UInt32, type: UInt32, offset: UInt64, length: UInt64, info: UInt32 = 0,
    entrySize: UInt64 = 0
  ) {
    self.name = name
    self.type = type
    self.offset = offset
    self.length = length
    self.info = info
    self.entrySize = entrySize
  }

  /// Reads one entry.
  package init(from reader: inout ByteReader, elfClass: ELFClass) throws(ShortRecord) {
    let word = elfClass.wordSize
    name = try reader.read()
    type = try reader.read()
    try reader.skip(2 * word)  // sh_flags, sh_addr
    offset = try reader.readWord(size: word)
    length = try reader.readWord(size: word)
    try reader.skip(4)  // sh_link
    info = try reader.read()
    try reader.skip(word)  // sh_addralign
    entrySize = try reader.readWord(size: word)
  }

  /// Appends one entry; words of class 32 are cut.
  package func write(to writer: inout ByteWriter, elfClass: ELFClass) {
    let word = elfClass.wordSize
    writer.write(name)
    writer.write(type)
    for field in [0, 0, offset, length] { writer.writeWord(field, size: word) }
    writer.write(UInt32(0))
    writer.write(info)
    writer.writeWord(0, size: word)
    writer.writeWord(entrySize, size: word)
  }

  /// Size of an entry of class 64.
  package static let size64 = size(in: .bits64)

  /// Appends the first entry of a file of class 64 with so many program headers.
  package static func writeFirst(count: UInt32, to writer: inout ByteWriter) {
    SectionHeader(name: 0, type: 0, offset: 0, length: 1, info: count)
      .write(to: &writer, elfClass: .bits64)
  }
}
