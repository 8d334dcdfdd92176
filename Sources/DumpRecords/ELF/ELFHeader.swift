package import Bytes

/// The ELF file header, `Elf32_Ehdr` / `Elf64_Ehdr`, widened to 64 bits.
/// Layout: ELF gABI, "ELF Header"; `include/uapi/linux/elf.h`.
package struct ELFHeader: Equatable, Sendable {
  package var identification: [UInt8]  // e_ident, 16 bytes
  package var type: UInt16  // e_type
  package var machine: ELFMachine  // e_machine
  package var version: UInt32  // e_version
  package var entry: UInt64  // e_entry
  package var programHeaderOffset: UInt64  // e_phoff
  package var sectionHeaderOffset: UInt64  // e_shoff
  package var flags: UInt32  // e_flags
  package var headerSize: UInt16  // e_ehsize
  package var programHeaderEntrySize: UInt16  // e_phentsize
  package var programHeaderCount: UInt16  // e_phnum
  package var sectionHeaderEntrySize: UInt16  // e_shentsize
  package var sectionHeaderCount: UInt16  // e_shnum
  package var sectionNameIndex: UInt16  // e_shstrndx

  /// `7f 45 4c 46`
  package static let magic: [UInt8] = [0x7f, 0x45, 0x4c, 0x46]
  /// Size of `e_ident`.
  package static let identificationSize = 16
  /// `ET_CORE`
  package static let coreType: UInt16 = 4
  /// `DUMP_ELF_INCOMPLETE`, a bit of `e_flags`: whoever wrote the dump could not finish it
  /// (makedumpfile `makedumpfile.h`).
  package static let incomplete: UInt32 = 1
  /// `PN_XNUM`, a value of `e_phnum`: the true number stands in the first section header.
  package static let countInSection: UInt16 = 0xffff

  /// `EI_CLASS`, or nil for a value that the specification does not have.
  package var elfClass: ELFClass? { ELFClass(rawValue: identification[4]) }

  /// The byte order of the fields: `EI_DATA`, or nil for a value that the specification does not have.
  ///
  /// A kernel that loads by file writes `ELFDATA2LSB` whatever its order is
  /// (`crash_prepare_elf64_headers`), and its second kernel does not look at it: ppc64.
  package let order: ByteOrder?

  /// Whether `EI_DATA` says another byte order than the fields have.
  package var isMislabelled: Bool { ELFHeader.order(of: identification[5]) != order }

  /// Byte order for a value of `EI_DATA`.
  package static func order(of data: UInt8) -> ByteOrder? {
    switch data {
    case 1: .little
    case 2: .big
    default: nil
    }
  }

  /// Reads a header whose magic, class and data encoding are known to be sound.
  ///
  /// - Returns: nil where the bytes are no ELF header of a known class and byte order.
  /// - Throws: ``ShortRecord`` where the bytes end inside the header.
  package init?(_ bytes: [UInt8]) throws(ShortRecord) {
    guard bytes.starts(with: ELFHeader.magic) else { return nil }
    guard bytes.count >= ELFHeader.identificationSize else {
      throw ShortRecord(offset: 0, wanted: ELFHeader.identificationSize, size: bytes.count)
    }
    guard let elfClass = ELFClass(rawValue: bytes[4]), let told = ELFHeader.order(of: bytes[5])
    else { return nil }
    let word = elfClass.wordSize
    let order = try ELFHeader.isMislabelled(bytes, told) ? told.opposite : told
    self.order = order
    var reader = ByteReader(bytes, order: order)
    identification = Array(try reader.take(ELFHeader.identificationSize))
    type = try reader.read()
    machine = ELFMachine(rawValue: try reader.read())
    version = try reader.read()
    entry = try reader.readWord(size: word)
    programHeaderOffset = try reader.readWord(size: word)
    sectionHeaderOffset = try reader.readWord(size: word)
    flags = try reader.read()
    headerSize = try reader.read()
    programHeaderEntrySize = try reader.read()
    programHeaderCount = try reader.read()
    sectionHeaderEntrySize = try reader.read()
    sectionHeaderCount = try reader.read()
    sectionNameIndex = try reader.read()
  }

  /// Whether a core header says one byte order and has the other.
  private static func isMislabelled(
    _ bytes: [UInt8], _ order: ByteOrder
  ) throws(ShortRecord) -> Bool {
    var reader = ByteReader(bytes, order: order.opposite)
    _ = try reader.take(identificationSize)
    let type = try reader.read(UInt16.self)
    _ = try reader.read(UInt16.self)
    let version = try reader.read(UInt32.self)
    return type == coreType && version == 1
  }

  /// Appends the header in its own class and byte order; words of class 32 are cut.
  package func write(to writer: inout ByteWriter, elfClass: ELFClass) {
    let word = elfClass.wordSize
    writer.write(contentsOf: identification)
    writer.write(type)
    writer.write(machine.rawValue)
    writer.write(version)
    writer.writeWord(entry, size: word)
    writer.writeWord(programHeaderOffset, size: word)
    writer.writeWord(sectionHeaderOffset, size: word)
    writer.write(flags)
    writer.write(headerSize)
    writer.write(programHeaderEntrySize)
    writer.write(programHeaderCount)
    writer.write(sectionHeaderEntrySize)
    writer.write(sectionHeaderCount)
    writer.write(sectionNameIndex)
  }
}
