package import Bytes

/// One entry of the program header table: `Elf32_Phdr` / `Elf64_Phdr`, widened to 64 bits.
/// Layout: ELF gABI, "Program Header".
package struct ProgramHeader: Equatable, Sendable {
  package var type: SegmentType  // p_type
  package var flags: UInt32  // p_flags
  package var offset: UInt64  // p_offset
  package var virtualAddress: UInt64  // p_vaddr
  package var physicalAddress: UInt64  // p_paddr
  package var fileSize: UInt64  // p_filesz
  package var memorySize: UInt64  // p_memsz
  package var alignment: UInt64  // p_align

  /// An entry from its fields.
  package init(
    type: SegmentType, flags: UInt32 = 0, offset: UInt64, virtualAddress: UInt64 = 0,
    physicalAddress: UInt64 = 0, fileSize: UInt64, memorySize: UInt64, alignment: UInt64 = 0
  ) {
    self.type = type
    self.flags = flags
    self.offset = offset
    self.virtualAddress = virtualAddress
    self.physicalAddress = physicalAddress
    self.fileSize = fileSize
    self.memorySize = memorySize
    self.alignment = alignment
  }

  /// Reads one entry; the class decides where `p_flags` stands.
  package init(from reader: inout ByteReader, elfClass: ELFClass) throws(ShortRecord) {
    let word = elfClass.wordSize
    type = SegmentType(rawValue: try reader.read())
    flags = elfClass == .bits64 ? try reader.read() : 0
    offset = try reader.readWord(size: word)
    virtualAddress = try reader.readWord(size: word)
    physicalAddress = try reader.readWord(size: word)
    fileSize = try reader.readWord(size: word)
    memorySize = try reader.readWord(size: word)
    if elfClass == .bits32 { flags = try reader.read() }
    alignment = try reader.readWord(size: word)
  }

  /// Appends one entry; words of class 32 are cut.
  package func write(to writer: inout ByteWriter, elfClass: ELFClass) {
    let word = elfClass.wordSize
    writer.write(type.rawValue)
    if elfClass == .bits64 { writer.write(flags) }
    writer.writeWord(offset, size: word)
    writer.writeWord(virtualAddress, size: word)
    writer.writeWord(physicalAddress, size: word)
    writer.writeWord(fileSize, size: word)
    writer.writeWord(memorySize, size: word)
    if elfClass == .bits32 { writer.write(flags) }
    writer.writeWord(alignment, size: word)
  }

  /// Where an elfcorehdr says that the data lies: `[p_offset, p_offset + p_memsz)`, a range of
  /// physical memory. nil where the end does not fit in 64 bits.
  package var sourceRange: Range<UInt64>? { Range(start: offset, length: memorySize) }

  /// The addresses that the segment had in the crashed system: `[p_paddr, p_paddr + p_memsz)`.
  package var physicalRange: Range<UInt64>? { Range(start: physicalAddress, length: memorySize) }
}

/// `p_type`: an open enumeration, unknown values survive.
package struct SegmentType: RawRepresentable, Hashable, Sendable {
  /// The value as it stands in the file.
  package let rawValue: UInt32

  /// Any value of `p_type`.
  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// `PT_NULL`: an entry that nobody filled in.
  package static let empty = SegmentType(rawValue: 0)
  /// `PT_LOAD`
  package static let load = SegmentType(rawValue: 1)
  /// `PT_NOTE`
  package static let note = SegmentType(rawValue: 4)
}
